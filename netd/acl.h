/* acl.h -- peers.allow and peers.deny: allow match, deny match, else allow. */
#ifndef NETD_ACL_H
#define NETD_ACL_H

#include <stdint.h>

void	acl_add(int deny, int all, const uint8_t pub[32]);
/* Where a list was read, for people. */
void	acl_file_set(int deny, const char *path);
const char *acl_file(int deny);
/* 1 if the key may be a peer. */
int	acl_permits(const uint8_t pub[32]);
/* For `show acl`: i-th entry of a list; -1 past the end. *all or pub. */
int	acl_entry(int deny, unsigned i, int *all, uint8_t pub[32]);

#endif
