/* http-mirror.c -- lends a web server of this box: a mirror, a cache. */
#include "planner.h"

int
main(void)
{
	char port[8], self[64], path[256], text[256];

	planner_read();
	if (planner_is("verb", "activate")) {
		planner_get("cred.endpoint", text, sizeof(text));
		printf("{\"v\":1,\"endpoint\":");
		planner_text(text);
		printf("}\n");
		return 0;
	}
	planner_get("param.port", port, sizeof(port));
	planner_get("param.path", path, sizeof(path));
	planner_get("self", self, sizeof(self));
	snprintf(text, sizeof(text), "http://[%.50s]:%s/%.150s", self, port,
	    path[0] == '/' ? path + 1 : path);
	printf("{\"v\":1,\"allow\":[\"tcp/%s\"],\"listener\":true,"
	    "\"endpoint\":", port);
	planner_text(text);
	printf("}\n");
	return 0;
}
