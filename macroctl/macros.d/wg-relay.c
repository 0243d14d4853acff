/*
 * wg-relay.c -- lends a WireGuard relay: one peer, by its key. The plan is
 * whole; what carries it out arrives with the WireGuard backend.
 */
#include "planner.h"

int
main(void)
{
	char port[8], self[64], key[80], text[256];

	planner_read();
	if (planner_is("verb", "activate")) {
		planner_get("cred.endpoint", text, sizeof(text));
		printf("{\"v\":1,\"endpoint\":");
		planner_text(text);
		printf("}\n");
		return 0;
	}
	planner_get("param.port", port, sizeof(port));
	planner_get("param.public_key", key, sizeof(key));
	planner_get("self", self, sizeof(self));
	printf("{\"v\":1,\"allow\":[\"udp/%s\"],\"endpoint\":"
	    "\"wg://[%s]:%s\",\"wireguard\":{\"public_key\":", port, self, port);
	planner_text(key);
	printf(",\"endpoint\":\"[%s]:%s\"}}\n", self, port);
	return 0;
}
