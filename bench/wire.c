/*
 * wire: a cable of some length between two network devices.
 *
 *   wire MILLISECONDS
 *
 * Makes the devices wire0 and wire1, which their maker may move to other network namespaces, says "ready", and passes
 * each packet from one to the other after half that time, until it is killed. The round trip is then MILLISECONDS: not
 * every kernel has netem.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { LENGTH = 2048, PACKETS = 1024 }; /* more than a login has under way */

struct packet {
    double due;
    ssize_t length;
    char bytes[LENGTH];
};

static struct packet queue[2][PACKETS];
static unsigned head[2], tail[2];

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int device(const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    int f = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

    strcpy(request.ifr_name, name);
    if (f < 0 || ioctl(f, TUNSETIFF, &request)) {
        perror("/dev/net/tun");
        exit(1);
    }
    return f;
}

/* Takes in what comes from one end. A full queue drops, as a router would. */
static void take(int f, int from, double delay)
{
    for (;;) {
        struct packet *p = &queue[from][tail[from] % PACKETS];
        p->length = read(f, p->bytes, LENGTH);
        if (p->length <= 0)
            return;
        p->due = now() + delay;
        if (tail[from] - head[from] < PACKETS - 1)
            tail[from]++;
    }
}

int main(int argc, char **argv)
{
    double delay = argc == 2 ? atof(argv[1]) / 2 : 0;
    struct pollfd ends[2] = {{device("wire0"), POLLIN, 0}, {device("wire1"), POLLIN, 0}};

    puts("ready");
    fflush(stdout);
    for (;;) {
        double next = now() + 1000;
        for (int from = 0; from < 2; from++) {
            while (head[from] != tail[from] && queue[from][head[from] % PACKETS].due <= now()) {
                struct packet *p = &queue[from][head[from]++ % PACKETS];
                if (write(ends[!from].fd, p->bytes, (size_t)p->length) < 0) {
                    /* the other end is down: lost, as on any cable */
                }
            }
            if (head[from] != tail[from] && queue[from][head[from] % PACKETS].due < next)
                next = queue[from][head[from] % PACKETS].due;
        }
        double wait = next - now();
        struct timespec left = {(time_t)(wait > 0 ? wait / 1e3 : 0), 0};
        left.tv_nsec = (long)((wait > 0 ? wait - (double)left.tv_sec * 1e3 : 0) * 1e6);
        if (ppoll(ends, 2, &left, NULL) > 0)
            for (int from = 0; from < 2; from++)
                if (ends[from].revents & POLLIN)
                    take(ends[from].fd, from, delay);
    }
}
