// The limit of the message plane: a client, a forwarder and workers, each a process, over tcp on loopback, with no
// protocol at all. Build: cc -O2 messages.c -o messages -lzmq     Run, each printing one number:
//   messages latency BYTES           median microseconds of a round trip, one in flight
//   messages rate BYTES              round trips a second, 512 in flight
//   messages round WORKERS BYTES     milliseconds to send BYTES to each worker and get BYTES back from each, median
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void *open_socket(void *context, int kind) {
    void *s = zmq_socket(context, kind);
    int high = 100000, linger = 0;
    zmq_setsockopt(s, ZMQ_SNDHWM, &high, 4);
    zmq_setsockopt(s, ZMQ_RCVHWM, &high, 4);
    zmq_setsockopt(s, ZMQ_LINGER, &linger, 4);
    return s;
}

// Forwards between a ROUTER for the client and a DEALER for the workers; tells its two endpoints through a pipe.
static void forwarder(int pipe) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    void *c = zmq_ctx_new(), *front = open_socket(c, ZMQ_ROUTER), *back = open_socket(c, ZMQ_DEALER);
    char endpoints[2][64] = {{0}};
    size_t n = 64;
    zmq_bind(front, "tcp://127.0.0.1:*"), zmq_getsockopt(front, ZMQ_LAST_ENDPOINT, endpoints[0], &n);
    n = 64;
    zmq_bind(back, "tcp://127.0.0.1:*"), zmq_getsockopt(back, ZMQ_LAST_ENDPOINT, endpoints[1], &n);
    if (write(pipe, endpoints, sizeof endpoints) < 0) _exit(1);
    zmq_proxy(front, back, NULL);
    _exit(0);
}

static void worker(const char *endpoint) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    void *c = zmq_ctx_new(), *s = open_socket(c, ZMQ_DEALER);
    zmq_connect(s, endpoint);
    for (;;) {
        zmq_msg_t m;
        zmq_msg_init(&m);
        zmq_msg_recv(&m, s, 0);
        int more = zmq_msg_more(&m);
        zmq_msg_send(&m, s, more ? ZMQ_SNDMORE : 0);
    }
}

static void send_one(void *s, const char *bytes, size_t count) {
    char header[64] = {0};
    zmq_send(s, header, sizeof header, ZMQ_SNDMORE);
    zmq_send(s, bytes, count, 0);
}

static void receive_one(void *s) {
    int more = 1;
    while (more) {
        zmq_msg_t m;
        zmq_msg_init(&m);
        zmq_msg_recv(&m, s, 0);
        more = zmq_msg_more(&m);
        zmq_msg_close(&m);
    }
}

int main(int count, char **arguments) {
    if (count < 3) return 64;
    int rounds = !strcmp(arguments[1], "round"), workers = rounds ? atoi(arguments[2]) : 1;
    size_t size = atol(arguments[count - 1]);
    int pipes[2];
    if (pipe(pipes)) return 1;
    pid_t children[65];
    if (!(children[0] = fork())) forwarder(pipes[1]);
    char endpoints[2][64];
    if (read(pipes[0], endpoints, sizeof endpoints) != sizeof endpoints) return 1;
    for (int i = 0; i < workers; i++)
        if (!(children[i + 1] = fork())) worker(endpoints[1]);
    usleep(400000); // the workers connect
    void *c = zmq_ctx_new(), *s = open_socket(c, ZMQ_DEALER);
    zmq_connect(s, endpoints[0]);
    char *bytes = calloc(1, size);
    static double times[20000];
    if (!strcmp(arguments[1], "latency")) {
        int n = 10000;
        for (int i = -1000; i < n; i++) {
            double start = now();
            send_one(s, bytes, size), receive_one(s);
            if (i >= 0) times[i] = now() - start;
        }
        qsort(times, n, sizeof *times, by_value);
        printf("%.1f\n", times[n / 2] * 1e6);
    } else if (!strcmp(arguments[1], "rate")) {
        int n = 300000, sent = 0, got = 0;
        double start = now();
        while (got < n) {
            while (sent < n && sent - got < 512) send_one(s, bytes, size), sent++;
            receive_one(s), got++;
        }
        printf("%.0f\n", n / (now() - start));
    } else {
        int n = size > 16 << 20 ? 8 : 60;
        for (int i = -5; i < n; i++) {
            double start = now();
            for (int w = 0; w < workers; w++) send_one(s, bytes, size);
            for (int w = 0; w < workers; w++) receive_one(s);
            if (i >= 0) times[i] = now() - start;
        }
        qsort(times, n, sizeof *times, by_value);
        printf("%.3f\n", times[n / 2] * 1e3);
    }
    fflush(stdout);
    for (int i = 0; i <= workers; i++) kill(children[i], SIGKILL), waitpid(children[i], NULL, 0);
    return 0;
}
