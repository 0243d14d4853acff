/* dns-resolver.c -- lends the resolver of this box, over UDP and TCP. */
#include "planner.h"

int
main(void)
{
	char port[8], self[64], text[256];

	planner_read();
	if (planner_is("verb", "activate")) {
		planner_get("cred.endpoint", text, sizeof(text));
		printf("{\"v\":1,\"endpoint\":");
		planner_text(text);
		printf(",\"notes\":[\"name this server in the resolver's "
		    "configuration\"]}\n");
		return 0;
	}
	planner_get("param.port", port, sizeof(port));
	planner_get("self", self, sizeof(self));
	printf("{\"v\":1,\"allow\":[\"udp/%s\"", port);
	if (planner_is("param.tcp", "true"))
		printf(",\"tcp/%s\"", port);
	printf("],\"listener\":true,\"endpoint\":\"dns://[%s]:%s\"}\n", self,
	    port);
	return 0;
}
