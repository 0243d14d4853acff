/* tor-exit.c -- lends the SOCKS port of this box's Tor. */
#include "planner.h"

int
main(void)
{
	char port[8], self[64], text[256], note[300];

	planner_read();
	if (planner_is("verb", "activate")) {
		planner_get("cred.endpoint", text, sizeof(text));
		printf("{\"v\":1,\"endpoint\":");
		planner_text(text);
		printf(",\"notes\":[");
		snprintf(note, sizeof(note), "curl --proxy %s URL", text);
		planner_text(note);
		printf("]}\n");
		return 0;
	}
	planner_get("param.port", port, sizeof(port));
	planner_get("self", self, sizeof(self));
	printf("{\"v\":1,\"allow\":[\"tcp/%s\"],\"listener\":true,"
	    "\"endpoint\":\"socks5h://[%s]:%s\",\"notes\":[\"names are "
	    "resolved by Tor; use a socks5h client\"]}\n", port, self, port);
	return 0;
}
