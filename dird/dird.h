/*
 * dird.h -- what the files of the room dird share. One process; one thread and,
 * for bulk verification, helpers (crew.h). It sees no secret and no network.
 *
 * Who knows what:
 *	room.c	  boot, doors, loop, stop
 *	state.c	  the journal while it is open, or why it is not
 *	http.c	  the local socket
 *	talk.c	  connections over the mesh, as netd carries them
 *	mesh.c	  who of the mesh asks; fetch.c: asks others; who.c: who is who
 *	api*.c	  what is asked there
 *	pull.c	  what others have and we have not; source.c: who these are
 *	import.c  lines of a journal, verified and kept
 *	say.c	  own entries: signed by cryptod, appended
 *	head.c	  own checkpoints; cosigned.c: who cosigned the newest
 *	notary.c  this node as a witness; node.c: the own NodeRecord
 *	store, segment, chain, merkle, journal, view ...  the directory itself
 */
#ifndef DIRD_H
#define DIRD_H

#include <stdint.h>

#include "conf.h"
#include "ident.h"
#include "journal.h"

#ifndef ME_DIRD
#define ME_DIRD
#endif
#include "doors.h"

struct event_base;

struct dird {
	struct event_base *base;
	struct chan	 door[PROC_MAX];	/* fd -1: there is none */
	uint64_t	 conf[CONF_NUM_MAX];	/* by enum conf_key */
	char		*txt[CONF_TXT_MAX];	/* by enum conf_txt */
	/* who we are */
	uint8_t		 dir_pub[KEY_LEN];
	int		 has_key;		/* dir_pub is one */
	char		 did[DID_LEN + 1];	/* "" without a key */
	uint8_t		 pub[33];
	uint8_t		 addr[NADDR_LEN], ip6[16];
	char		 npub[NPUB_LEN + 1];
	enum key_mode	 key_mode;
	char		 name[64];		/* of this box */
	/* what we were given */
	int		 folder, api;		/* descriptors */
	char		 folder_name[256];
	uint32_t	 api_gid;
	/* the journal; NULL while it is closed, and then why */
	struct journal	*journal;
	struct because	 closed;
	uint64_t	 adopted;	/* own entries that others had and it had not */
	int64_t		 start;
	int		 stopping;
};
extern struct dird dird;

/*
 * room.c: serve until privd closes its door; door[] has a descriptor or -1 for
 * each room. shut() gives everything up but the folder. Once in a process.
 */
int	dird_run(const int door[PROC_MAX], void (*shut)(int folder));
/* Unix seconds. */
int64_t	dird_now(void);
/* A fresh non-zero req. */
uint32_t dird_req(void);

/* state.c: opens the journal; says in the log and in dird.closed why not. */
void	state_open(void);
/* The journal grew: checkpoint and NodeRecord follow. */
void	state_changed(void);
/* Why nothing can be appended now; WHY_OK if it can. */
enum why state_writable(void);

#endif
