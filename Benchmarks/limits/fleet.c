// Many idle peers: raw ZMTP 3.0 connections (RFC 23) to a ROUTER, each of which says one hello and then a heartbeat a second.
// Build: cc -O2 fleet.c -o fleet -lzmq     Run, printing numbers:
//   fleet peers HOST PORT COUNT HELLO SECONDS   seconds until all were answered; then the peers stay for SECONDS
//   fleet bare                                  a bare ROUTER that echoes, to be found by them, until it is ended
// HELLO is a file with a frame in which 16 bytes of 0xEE stand for a session and `w00000` for a name: each peer has its own.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

enum { GREETING = 64, BEHIND = 200 };

struct peer {
    int fd, state; // 0 connecting, 1 waits for the greeting and READY, 2 waits for an answer, 3 at rest
    int heard;
    unsigned char head[512];
    unsigned char epoch[8];
};

static unsigned char hello[1 << 16];
static size_t hello_size;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static void say(int fd, const void *bytes, size_t count) {
    if (send(fd, bytes, count, MSG_NOSIGNAL) != (ssize_t)count) fail("send");
}

static void say_frame(int fd, const unsigned char *bytes, size_t count) {
    unsigned char frame[9 + sizeof hello] = {2};
    for (int i = 0; i < 8; i++) frame[1 + i] = (unsigned char)(count >> (56 - 8 * i));
    memcpy(frame + 9, bytes, count);
    say(fd, frame, 9 + count);
}

static void greet(int fd) {
    unsigned char greeting[GREETING] = {0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0x7F, 3, 0, 'N', 'U', 'L', 'L'};
    const unsigned char ready[] = "\x04\x29\x05READY\x0bSocket-Type\0\0\0\x06" "DEALER\x08Identity\0\0\0";
    say(fd, greeting, sizeof greeting);
    unsigned char command[43];
    memcpy(command, ready, 43);
    command[1] = 41;
    say(fd, command, 43);
}

static void introduce(struct peer *p, int number) {
    unsigned char own[sizeof hello];
    memcpy(own, hello, hello_size);
    char name[8];
    snprintf(name, sizeof name, "w%05d", number % 100000);
    for (size_t i = 0; i + 16 <= hello_size; i++) {
        int isSession = 1;
        for (int k = 0; k < 16; k++) isSession &= own[i + k] == 0xEE;
        if (isSession) memcpy(own + i, &number, 4);
        if (memcmp(own + i, "w00000", 6) == 0) memcpy(own + i, name, 6);
    }
    say_frame(p->fd, own, hello_size);
}

// Takes what came; when the first answer is complete, the peer rests.
static void hear(struct peer *p, int number) {
    for (;;) {
        unsigned char rest[65536];
        int room = (int)sizeof p->head - p->heard;
        ssize_t n = recv(p->fd, room > 0 ? p->head + p->heard : rest, room > 0 ? (size_t)room : sizeof rest, 0);
        if (n <= 0) {
            if (n < 0 && errno == EAGAIN) break;
            fail("a peer was sent away");
        }
        if (room > 0) p->heard += (int)n;
    }
    if (p->state == 1 && p->heard >= GREETING + 2 && p->heard >= GREETING + 2 + p->head[GREETING + 1]) {
        introduce(p, number);
        p->state = 2;
    }
    if (p->state != 2) return;
    int frame = GREETING + 2 + p->head[GREETING + 1];
    int length = p->heard > frame && (p->head[frame] & 2) ? 9 : 2;
    if (p->heard < frame + length + 32) return;
    memcpy(p->epoch, p->head + frame + length + 24, 8);
    p->state = 3;
}

static void beat(struct peer *p) {
    unsigned char record[80] = {'F', 'G', 'R', '\n', 2, 0, 5};
    memcpy(record + 24, p->epoch, 8);
    say_frame(p->fd, record, sizeof record);
}

static double peers(const char *host, int port, int count, double rest) {
    struct peer *all = calloc((size_t)count, sizeof *all);
    int poll = epoll_create1(0), opened = 0, resting = 0;
    double began = now(), answered = 0, beats = 0, end = 0;
    int beaten = 0;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, host, &address.sin_addr);
    while (!end || now() < end) {
        while (opened < count && opened - resting < BEHIND) {
            int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
            if (fd < 0) fail("socket");
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
            fcntl(fd, F_SETFL, O_NONBLOCK);
            all[opened] = (struct peer){.fd = fd, .state = 1};
            greet(fd);
            struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)opened++};
            epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
        }
        struct epoll_event events[256];
        int n = epoll_wait(poll, events, 256, 10);
        for (int i = 0; i < n; i++) {
            struct peer *p = &all[events[i].data.u32];
            int before = p->state;
            hear(p, (int)events[i].data.u32);
            if (p->state == 3 && before != 3) resting++;
        }
        // Spread over the second, those at rest in turn.
        if (!beats) beats = now();
        while (resting > 0 && beaten < (int)((now() - beats) * count)) {
            struct peer *p = &all[beaten++ % count];
            if (p->state == 3) beat(p);
        }
        if (resting == count && !end) {
            answered = now() - began;
            printf("%f\n", answered);
            fflush(stdout);
            end = now() + rest;
        }
    }
    return answered;
}

static void bare(void) {
    void *c = zmq_ctx_new(), *s = zmq_socket(c, ZMQ_ROUTER);
    char endpoint[64];
    size_t n = sizeof endpoint;
    // As many wait to be accepted as at the broker.
    int backlog = 1024;
    zmq_setsockopt(s, ZMQ_BACKLOG, &backlog, sizeof backlog);
    zmq_bind(s, "tcp://127.0.0.1:*"), zmq_getsockopt(s, ZMQ_LAST_ENDPOINT, endpoint, &n);
    printf("listening on %s\n", endpoint);
    fflush(stdout);
    for (;;) {
        zmq_msg_t m;
        zmq_msg_init(&m);
        zmq_msg_recv(&m, s, 0);
        zmq_msg_send(&m, s, zmq_msg_more(&m) ? ZMQ_SNDMORE : 0);
    }
}

int main(int count, char **words) {
    // Whoever starts us may have blocked what is to end us.
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (count == 2 && strcmp(words[1], "bare") == 0) bare();
    if (count != 7 || strcmp(words[1], "peers") != 0) {
        fprintf(stderr, "usage: fleet peers HOST PORT COUNT HELLO SECONDS | fleet bare\n");
        return 64;
    }
    FILE *f = fopen(words[5], "rb");
    if (!f) fail(words[5]);
    hello_size = fread(hello, 1, sizeof hello, f);
    fclose(f);
    return peers(words[2], atoi(words[3]), atoi(words[4]), atof(words[6])) > 0 ? 0 : 1;
}
