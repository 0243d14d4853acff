/* help.c -- what bastidectl says about itself; man/bastidectl.1 says more. */
#include <stdio.h>

#include "ctl.h"

void
help_print(void)
{
	fputs(
"usage: bastidectl [-S SOCKET] [--json] COMMAND\n"
"\n"
"Ask or change a running node:\n"
"  show WHAT                          status, peers, links, sessions, transports,\n"
"                                     connections, identity-cache, acl, routing,\n"
"                                     tree, bloom, cache, mmp, metrics, stats,\n"
"                                     stats-peers, listening\n"
"  show stats METRIC [PEER] [WINDOW]  its last 10m, or 90s, 6h, up to 24h\n"
"  topology [--dot]                   the tree as the node sees it; for Graphviz\n"
"  connect PEER ADDRESS [TRANSPORT]   dial a peer, once; TRANSPORT is udp\n"
"  disconnect PEER                    say goodbye to a peer\n"
"  rekey PEER [link|session]          new keys now; link when not said\n"
"\n"
"The directory of a running node:\n", stdout);
	dir_help();
	fputs("\nLending, by and from a running node:\n", stdout);
	lend_help();
	fputs("\n"
"Without a node:\n"
"  keygen [-d DIR] [-f] [-s]          make an identity: fips.key and fips.pub in\n"
"                                     DIR (/etc/fips); -f, --force replaces them;\n"
"                                     -s, --stdout prints them instead\n"
"  version                            print the version\n"
"  help                               print this\n"
"\n"
"PEER is an npub, or a name that the node knows. ADDRESS is HOST:PORT or\n"
"[IPV6]:PORT. WHO is a did, or the name or npub of a box; SERVICE an id or a\n"
"name; SUBSCRIPTION and ID are what the lists show.\n"
"\n"
"options:\n"
"  -S, --socket SOCKET                control socket; else $BASTIDE_SOCKET, else\n"
"                                     /run/bastide/control.sock; dir takes\n"
"                                     directory.sock beside it\n"
"  -j, --json                         print the reply's data as JSON\n"
"  -V, --version                      print the version\n"
"  -h, --help                         print this\n"
"\n"
"exit status: 0 done; 1 the node, or the file system, said no; 2 wrong usage;\n"
"3 the node cannot be reached.\n", stdout);
}
