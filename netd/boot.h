/* boot.h -- what privd hands over before GO. */
#ifndef NETD_BOOT_H
#define NETD_BOOT_H

/* Set by CONF_END: every descriptor and setting is here. */
extern int	boot_complete;

/* Defaults in place, modules empty. */
void		boot_init(void);

#endif
