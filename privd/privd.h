/*
 * privd.h -- what the files of privd share. One process, root, small: it
 * opens, spawns, watches and cleans up. It reads no packet and no key.
 *
 *	main.c	   arguments
 *	house.c	   the machine of house.def, the loop, pings, the end
 *	boot.c	   what is done at each step of the boot
 *	files.c	   files and folders that must be root's
 *	spawn.c	   rooms: execute, leash, how they died
 *	open.c	   UDP, DNS and name server sockets
 *	control.c  the sockets of netd, dird and guests on this machine
 *	dird.c	   what dird is given: its folder, its socket, its settings
 *	tun.c, rtnl.c  the TUN interface, its address, route and rule
 *	nl.c	   a question over netlink, and its answers
 *	nft.c, nft_rules.c  the nftables table of what is lent
 *	lend.c	   grants: recorded, done, undone
 *	lend_list.c  what is lent now, in pages
 *	guest.c	   guests on theirs
 *	runner.c   what the room macroctl is given
 *	notify.c   the service manager
 */
#ifndef PRIVD_H
#define PRIVD_H

#include <sys/types.h>

#include <stdint.h>

#include "conf.h"
#include "ident.h"
#include "ring.h"

#ifndef ME_PRIVD
#define ME_PRIVD
#endif
#include "doors.h"

/* sysexits.h has it as EX_CONFIG; service managers know the number. */
#define EXIT_CONF	78

/* Between a door that closes and an exit status that can be read. */
#define HOW_MS		20

struct room {
	enum proc_id	 id;
	pid_t		 pid;		/* 0: not started, or buried */
	int		 pidfd;
	int		 leash[2];	/* see spawn.c */
	struct chan	 door;
	uint64_t	 heard_ms;	/* last PONG */
	unsigned	 asked;		/* PINGs that it has not answered */
};

struct house {
	uint8_t		 state;		/* house.def; written by fsm_step() only */
	int		 status;	/* exit status when it is over */
	int		 check_only;
	const char	*conf_path;	/* NULL: none was named */
	const char	*runtime_dir, *state_dir;
	int		 conf_fd;
	char		 conf_name[256], conf_dir[4096], exe[256];
	struct conf	*conf;
	int		 has_secret;
	struct room	 room[PROC_MAX];
	int		 door[PROC_MAX][PROC_MAX];	/* ends of rooms not yet started */
	int		 ring[3];	/* until both rooms have them */
	int		 lane[RING_LANES - 1][3];
	unsigned	 nlane;
	uint32_t	 slots, slot_size;
	struct msg_ready_cryptod self;
	unsigned	 awaited;	/* rooms that READY or STOPPED is due from, a bit each */
};
extern struct house house;

/* house.c: never returns but with the status for exit(). */
int	 house_run(void);
/* Undo what stays behind otherwise. Twice is fine; also runs at exit(). */
void	 house_clean(void);
/* Log and exit with EXIT_CONF. */
void	 conf_fatal(const char *fmt, ...)
	    __attribute__((format(printf, 1, 2), noreturn));

/* boot.c: actions of house.def, and what comes before the first. */
void	 boot_begin(void);
int	 boot_conf(void *, void *);
int	 boot_netd(void *, void *);
int	 boot_go(void *, void *);

/* A message of the boot that does not go out ends it. */
#define SEND(name, id, m, fds)						\
	boot_sent(name##_send(&house.room[id].door, m, fds), id, #name)
/* src as a STR field takes it. */
void	 boot_name(char *dst, size_t size, const char *src);
void	 boot_sent(int result, enum proc_id, const char *what);

/* A resident lied; the house ends. */
void	 house_lie(struct room *, const char *how);

/* dird.c: everything until CONF_END_DIRD; nothing when it is switched off. */
void	 dird_start(void);
void	 dird_fill(void);

/* talk.c: after dird has been started, sockets for its talk over the mesh. */
void	 talk_fill(void);

/* files.c */
/* A regular file of root or of us that nobody else may write: its descriptor.
 * -1 with ENOENT; anything else wrong with it is fatal and explained. */
int	 file_open(const char *path, const char *what);
/* Fatal when others could put files into this folder, or take them away. */
void	 dir_check(const char *path, const char *what);
/* A folder of root that nobody else may write, made with this mode when it is missing. */
int	 dir_open(const char *path, mode_t mode, const char *what);
/*
 * What stands beside our binary, else where we are installed, and is as much to
 * be trusted as that; path gets where. Fatal when it is not.
 */
int	 file_beside(const char *name, int flags, char *path, size_t size);
/*
 * Everything of fd but hole_len bytes at hole, which become 'x'. Ends in a NUL
 * that *len does not count. Fatal beyond 1 MiB.
 */
char	*file_read(int fd, const char *name, size_t hole, size_t hole_len,
	    size_t *len);

/* spawn.c */
/* All socketpairs that msg.def asks for. */
void	 spawn_doors(void);
void	 spawn_room(enum proc_id);
/* Kill it, without a capability for that. */
void	 room_kill(struct room *);
/* 1 when it has ended; text says how. */
int	 room_ended(struct room *, char *text, size_t len);

/* open.c */
/* At most two sockets of one transport; fills rows, fds. How many. */
int	 open_udp(const struct conf_udp *, struct msg_udp row[2], int fd[2]);
/* -1 when this machine cannot (no IPv6); a port that is taken is fatal. */
int	 open_dns(const char *addr, uint16_t port);
/* Sockets connected to the name servers of this machine, at most max. */
int	 open_resolvers(int *fd, int max);

/* control.c */
/* Listening; gid as CONTROL wants it. */
int	 control_open(uint32_t *gid);
const char *control_path(void);
/* The directory's, the same. */
int	 control_open_directory(uint32_t *gid);
/* That of guests, root's alone. */
int	 control_open_guests(void);
#define CONTROL_DIRS	3
/* Folders of the sockets that are open, for the sandbox; how many. */
unsigned control_dirs(int fds[CONTROL_DIRS]);
void	 control_close(void);

/* tun.c */
int	 tun_open(const char *name, uint16_t mtu, const uint8_t ip6[16],
	    uint8_t *offloads);
void	 tun_close(void);

/* rtnl.c: 0 or -1 with errno, each. */
int	 rtnl_open(void);
int	 rtnl_link_quiet(unsigned ifindex);
int	 rtnl_link_up(unsigned ifindex, unsigned mtu);
int	 rtnl_link_del(unsigned ifindex);
int	 rtnl_addr_add(unsigned ifindex, const uint8_t ip6[16]);
int	 rtnl_route_add(unsigned ifindex, const uint8_t net[16], unsigned bits);
int	 rtnl_rule_add(const uint8_t net[16], unsigned bits, uint32_t prio);
int	 rtnl_rule_del(const uint8_t net[16], unsigned bits, uint32_t prio);

/* diag.c: who listens where the mesh can reach. */
void	 diag_open(void);
/* known and rows of the answer. */
void	 diag_ask(const uint8_t ip6[16], struct msg_listeners *);
/* Does anybody listen there, on every address or the mesh address? v4: also
 * on IPv4 ones. */
int	 diag_listens(const uint8_t ip6[16], int is_tcp, uint16_t port, int v4);

/* runner.c: the room macroctl, when anything is lent. */
void	 runner_start(void);
void	 runner_fill(void);
void	 runner_go(void);

/* notify.c: the service manager's protocol; silent when there is none. */
/* socket: NOTIFY_SOCKET or NULL. */
void	 notify_open(const char *socket);
void	 notify(const char *state);
/* Address of a NOTIFY_SOCKET value: its length, or 0 when it is not one. */
struct sockaddr_un;
unsigned notify_addr(const char *socket, struct sockaddr_un *);

#endif
