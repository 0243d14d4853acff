/* offline.h -- a journal checked from the command line. */
#ifndef OFFLINE_H
#define OFFLINE_H

/* The arguments of main(); the exit status. */
int	check_folder(int argc, char **argv);

#endif
