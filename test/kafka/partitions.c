/* partitions N …: reads keys from stdin, one a line, and prints the partition of each among N, for
 * every N that is given. */
#include <evt/hash.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;

    while ((len = getline(&line, &cap, stdin)) >= 0) {
        const size_t key_len = (size_t)len - (len > 0 && line[len - 1] == '\n');

        for (int i = 1; i < argc; i++)
            printf("%d%c", (int)evt_partition_of(line, key_len, (int32_t)strtol(argv[i], NULL, 10)),
                   i + 1 < argc ? ' ' : '\n');
    }
    free(line);
    return fflush(stdout) == 0 ? 0 : 1;
}
