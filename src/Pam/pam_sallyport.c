/*
 * pam_sallyport: asks sallyport-agent about a login, relays its prompts and the answers to them, and turns its verdict
 * into a PAM code. It holds no secret and decides nothing, but for the one account that has to come in while nobody else
 * can decide; docs/formats/agent-protocol.md is normative.
 *
 * It lives inside sshd, sudo and login, and leaves nothing behind in them: no descriptor, thread, child or memory, no
 * changed signal disposition or errno. Whatever is not an explicit allow is a refusal.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include <linux/sockios.h>

#include <security/pam_modules.h>
#include <security/pam_modutil.h>

#define DEFAULT_SOCKET "/run/sallyport/agent.sock"
#define ALLOWED "pam_sallyport.allowed" /* PAM data of a handle that was allowed in auth */

#ifndef SILENCE_MS /* the tests do not wait that long */
#define SILENCE_MS 90000
#endif

enum { HEADER = 5, MAX_PAYLOAD = 65536, MAX_FRAMES = 256, CONNECT_MS = 2000, BREAK_GLASS_MS = 5000 };
enum { EARLIEST_NOW = 1767225600 }; /* 2026-01-01: a clock that lost its battery would make each date a future one */
enum { ALLOW = 1, IGNORE, DENY, UNAVAILABLE, VERDICTS };

struct op {
    const char *name;
    bool talks; /* may prompt, tell, and set PAM_AUTHTOK */
    int refusal;
    struct { bool listed; int code; } verdict[VERDICTS]; /* what is not listed refuses; 0 never is */
};

static const struct op
    auth = { "auth", true, PAM_AUTH_ERR, { [ALLOW] = { true, PAM_SUCCESS }, [IGNORE] = { true, PAM_IGNORE },
             [DENY] = { true, PAM_AUTH_ERR }, [UNAVAILABLE] = { true, PAM_AUTHINFO_UNAVAIL } } },
    account = { "account", false, PAM_AUTH_ERR, { [IGNORE] = { true, PAM_IGNORE },
                [DENY] = { true, PAM_PERM_DENIED }, [UNAVAILABLE] = { true, PAM_AUTHINFO_UNAVAIL } } },
    session = { "session", false, PAM_PERM_DENIED, { [ALLOW] = { true, PAM_SUCCESS },
                [DENY] = { true, PAM_PERM_DENIED }, [UNAVAILABLE] = { true, PAM_PERM_DENIED } } };

/* One question to the agent. */
struct question {
    pam_handle_t *pamh;
    const struct op *op;
    const char *path;      /* of the agent's socket */
    int fd;
    bool break_glass;      /* may do without a verdict, and does not wait long for it */
    bool unheard;          /* there is none: nobody answered, or the agent says that it cannot judge */
    int silence_ms;        /* how long the agent may be silent */
    int64_t deadline;      /* milliseconds of CLOCK_MONOTONIC */
    unsigned char *buffer; /* HEADER + MAX_PAYLOAD bytes: first the hello, then what the agent sends */
    size_t start, end;     /* the part of the buffer that is still to be read */
    size_t used;           /* the part of the buffer that has to be wiped */
};

static const char *item(const struct question *q, int type)
{
    const void *value = NULL;
    return pam_get_item(q->pamh, type, &value) == PAM_SUCCESS ? value : NULL;
}

/*
 * Logs in the name of the program that asks, so that what watches sshd sees it. The facility is given with the line and
 * not to openlog, which would change it for the program too. closelog makes libc forget the ident on our stack.
 */
__attribute__((format(printf, 3, 4)))
static void log_line(const struct question *q, int priority, const char *format, ...)
{
    char ident[128];
    va_list arguments;
    snprintf(ident, sizeof ident, "%.100s(pam_google_auth)", item(q, PAM_SERVICE) ?: "unknown");
    openlog(ident, LOG_PID, 0);
    va_start(arguments, format);
    vsyslog(LOG_AUTHPRIV | priority, format, arguments);
    va_end(arguments);
    closelog();
}

/* Always false, so that a refusal and its reason are one expression. */
#define refuse(q, reason, ...) (log_line(q, LOG_ERR, "pam_sallyport: %s %s: " reason, (q)->op->name, \
    (q)->break_glass && (q)->unheard ? "without a verdict" : "refused" __VA_OPT__(,) __VA_ARGS__), false)

/* The reasons, and the only ones, that do not count against the break-glass account. */
#define no_verdict(q, ...) ((q)->unheard = true, refuse(q, __VA_ARGS__))

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool connect_agent(struct question *q)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct ucred peer = { .uid = (uid_t)-1 };
    socklen_t size = sizeof peer;

    if (q->path[0] != '/' || strlen(q->path) >= sizeof address.sun_path)
        return refuse(q, "socket=%.200s is not an absolute path of at most %zu bytes; mend the PAM line", q->path,
                      sizeof address.sun_path - 1);
    memcpy(address.sun_path, q->path, strlen(q->path));

    q->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (q->fd < 0)
        return no_verdict(q, "no socket: %m");
    q->deadline = now_ms() + CONNECT_MS;
    while (connect(q->fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        /* EAGAIN: the agent's queue is full. poll cannot wait for room in it. */
        if ((errno != EAGAIN && errno != EINTR) || now_ms() >= q->deadline)
            return no_verdict(q, "cannot reach sallyport-agent at %s: %m; is sallyport-agent.socket started?", q->path);
        poll(NULL, 0, 10);
    }

    if (getsockopt(q->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != 0)
        return refuse(q, "uid %lu listens at %s, not root; stop it and start sallyport-agent.socket",
                      (unsigned long)peer.uid, q->path);
    return true;
}

static bool wait_for(struct question *q, short events)
{
    struct pollfd agent = { .fd = q->fd, .events = events };
    int ready = -1;
    for (int64_t left; ready != 0 && (left = q->deadline - now_ms()) > 0;) {
        ready = poll(&agent, 1, (int)left);
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return refuse(q, "cannot wait for sallyport-agent: %m");
    }
    return no_verdict(q, "sallyport-agent was silent for %d s; see its log", q->silence_ms / 1000);
}

static bool send_frame(struct question *q, char type, const char *payload, size_t length)
{
    unsigned char header[HEADER] = { (unsigned char)type, (unsigned char)(length >> 24), (unsigned char)(length >> 16),
                                     (unsigned char)(length >> 8), (unsigned char)length };

    q->deadline = now_ms() + q->silence_ms;
    for (size_t sent = 0; sent < HEADER + length;) {
        size_t head = sent < HEADER ? sent : HEADER, body = sent - head;
        struct iovec rest[2] = { { header + head, HEADER - head }, { (char *)payload + body, length - body } };
        ssize_t now = sendmsg(q->fd, &(struct msghdr){ .msg_iov = rest, .msg_iovlen = 2 }, MSG_NOSIGNAL);
        if (now >= 0)
            sent += (size_t)now;
        else if (errno != EAGAIN && errno != EINTR)
            return no_verdict(q, "cannot send to sallyport-agent: %m; see its log");
        else if (errno == EAGAIN && !wait_for(q, POLLOUT))
            return false;
    }
    return true;
}

/* A frame is valid until the next call. Bytes of further frames stay in the buffer for it. */
static bool next_frame(struct question *q, unsigned char **frame, size_t *length)
{
    for (;;) {
        unsigned char *p = *frame = q->buffer + q->start;
        size_t have = q->end - q->start;
        *length = have < HEADER ? 0 : (size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4];
        if (*length > MAX_PAYLOAD)
            return refuse(q, "sallyport-agent announced a frame of %zu bytes", *length);
        if (have >= HEADER + *length) {
            q->start += HEADER + *length;
            return true;
        }
        memmove(q->buffer, p, have);
        q->start = 0;
        q->end = have;
        ssize_t received = recv(q->fd, q->buffer + have, HEADER + MAX_PAYLOAD - have, 0);
        if (received == 0)
            return no_verdict(q, "sallyport-agent closed the connection without a verdict; see its log");
        if (received > 0)
            q->end += (size_t)received;
        else if (errno != EAGAIN && errno != EINTR)
            return no_verdict(q, "cannot read from sallyport-agent: %m; see its log");
        else if (errno == EAGAIN && !wait_for(q, POLLIN))
            return false;
        q->used = q->used > q->end ? q->used : q->end;
    }
}

/* A field without a value is left out. False where the hello would not fit into a frame. */
static bool add(struct question *q, const char *name, const char *value)
{
    size_t length = value == NULL ? 0 : strlen(name) + strlen(value) + 2;
    if (length > MAX_PAYLOAD - q->end)
        return false;
    if (value != NULL)
        stpcpy(stpcpy(stpcpy((char *)q->buffer + q->end, name), "="), value);
    q->used = q->end += length;
    return true;
}

/* Also takes socket=PATH out of the arguments. Only auth may make libpam ask who logs in. */
static bool write_hello(struct question *q, int argc, const char **argv)
{
    const char *user = NULL, *token = NULL;
    const void *mark = NULL;
    bool allowed = q->op != &auth && pam_get_data(q->pamh, ALLOWED, &mark) == PAM_SUCCESS && mark != NULL;
    char uid[24];

    if (q->op != &auth)
        user = item(q, PAM_USER);
    else if (pam_get_user(q->pamh, &user, NULL) != PAM_SUCCESS)
        user = NULL;
    if (user == NULL || *user == '\0')
        return refuse(q, "the program does not say who logs in");
    snprintf(uid, sizeof uid, "%lu", (unsigned long)getuid());
    bool fits = add(q, "version", "1") && add(q, "op", q->op->name) && add(q, "user", user)
        && add(q, "service", item(q, PAM_SERVICE)) && add(q, "ruser", item(q, PAM_RUSER))
        && add(q, "rhost", item(q, PAM_RHOST)) && add(q, "tty", item(q, PAM_TTY)) && add(q, "uid", uid)
        && add(q, "ssh_connection", pam_getenv(q->pamh, "SSH_CONNECTION"))
        && add(q, "ssh_auth_info", pam_getenv(q->pamh, "SSH_AUTH_INFO_0"))
        && add(q, "authenticated", allowed ? "yes" : NULL);
    for (int i = 0; i < argc && fits; i++) {
        if (strncmp(argv[i], "socket=", 7) == 0)
            q->path = argv[i] + 7;
        else
            fits = add(q, "arg", argv[i]);
        if (q->op == &auth && (!strcmp(argv[i], "use_first_pass") || !strcmp(argv[i], "try_first_pass")))
            token = item(q, PAM_AUTHTOK);
    }
    if (!fits || !add(q, "authtok", token))
        return refuse(q, "what there is to say about this login is longer than a frame");
    return true;
}

/*
 * Asks or tells the application something, once. A prompt without an answer, or with one that is longer than a frame,
 * is a failed conversation; an empty answer is an answer. That a text could not be shown is no reason to refuse.
 */
static bool converse(struct question *q, int style, const char *text)
{
    const struct pam_message message = { .msg_style = style, .msg = text }, *messages = &message;
    const struct pam_conv *application = (const void *)item(q, PAM_CONV);
    struct pam_response *response = NULL;
    bool done = application != NULL && application->conv != NULL
        && application->conv(1, &messages, &response, application->appdata_ptr) == PAM_SUCCESS;
    const char *answer = done && response != NULL ? response->resp : NULL;
    bool asked = style == PAM_PROMPT_ECHO_OFF || style == PAM_PROMPT_ECHO_ON;
    bool answered = answer != NULL && strlen(answer) <= MAX_PAYLOAD;
    bool sent = !asked || (answered ? send_frame(q, 'A', answer, strlen(answer)) : send_frame(q, 'X', "", 0));

    if (response != NULL && response->resp != NULL)
        explicit_bzero(response->resp, strlen(response->resp));
    free(response == NULL ? NULL : response->resp);
    free(response);
    return sent;
}

static bool obey(struct question *q, unsigned char *frame, size_t length)
{
    char *text = (char *)frame + HEADER;

    if (*frame == 'L' && length > 0 && frame[HEADER] <= LOG_DEBUG && memchr(text + 1, 0, length - 1) == NULL) {
        log_line(q, *text, "%.*s", (int)length - 1, text + 1);
        return true;
    }
    if (*frame == 'L' || !q->op->talks || memchr(text, 0, length) != NULL)
        return refuse(q, "sallyport-agent sent a bad frame of type 0x%02x", *frame);

    /* The text moves onto the last byte of its header, which makes room for the NUL that C wants behind it. */
    text = memmove(text - 1, text, length);
    text[length] = '\0';
    switch (*frame) {
    case 'P': return converse(q, PAM_PROMPT_ECHO_OFF, text);
    case 'Q': return converse(q, PAM_PROMPT_ECHO_ON, text);
    case 'I': return converse(q, PAM_TEXT_INFO, text);
    case 'E': return converse(q, PAM_ERROR_MSG, text);
    case 'T': return pam_set_item(q->pamh, PAM_AUTHTOK, text) == PAM_SUCCESS || refuse(q, "cannot set PAM_AUTHTOK");
    default: return refuse(q, "sallyport-agent sent a frame of unknown type 0x%02x", *frame);
    }
}

static bool read_verdict(struct question *q, const unsigned char *frame, size_t length, int *code)
{
    unsigned char verdict = length == 1 ? frame[HEADER] : 0, more;
    int unread;
    if (length != 1)
        return refuse(q, "sallyport-agent sent a verdict of %zu bytes", length);
    bool judged = ioctl(q->fd, SIOCOUTQ, &unread) == 0 && unread == 0; /* before recv: a close throws it away */
    ssize_t received = q->start == q->end ? recv(q->fd, &more, 1, MSG_DONTWAIT) : 1;
    if (received > 0 || (received < 0 && errno != EAGAIN))
        return refuse(q, "sallyport-agent did not end with its verdict");
    if (!judged)
        return refuse(q, "sallyport-agent gave a verdict without reading the answer");
    if (verdict >= VERDICTS || !q->op->verdict[verdict].listed)
        return refuse(q, "sallyport-agent sent verdict %d, which %s does not know", verdict, q->op->name);
    q->unheard = verdict == UNAVAILABLE;
    *code = q->op->verdict[verdict].code;
    return true;
}

static bool read_answer(struct question *q, int *code)
{
    q->start = q->end = 0;
    for (int frames = 0; frames < MAX_FRAMES; frames++) {
        unsigned char *frame;
        size_t length;
        q->deadline = now_ms() + q->silence_ms;
        if (!next_frame(q, &frame, &length))
            return false;
        if (*frame == 'V')
            return read_verdict(q, frame, length, code);
        if (!obey(q, frame, length))
            return false;
    }
    return refuse(q, "sallyport-agent sent %d frames and no verdict", MAX_FRAMES);
}

/*
 * Whether break_glass=NAME:YYYY-MM-DD of the PAM line, which only root can write, is for this login: an ssh session of
 * that account, before that day of UTC, by a key that sshd says it has accepted. What is not exactly so is asked about
 * like everybody, and refused like everybody; docs/decisions/0010-break-glass-without-the-agent.md.
 */
static bool is_break_glass(const struct question *q, int argc, const char **argv)
{
    const char *value = NULL, *user = item(q, PAM_USER), *service = item(q, PAM_SERVICE);
    const char *first_factor = pam_getenv(q->pamh, "SSH_AUTH_INFO_0"); /* sshd's own word, a line for each method */
    size_t length = user == NULL ? 0 : strlen(user);
    struct tm until = { 0 };
    char again[16];
    time_t now = time(NULL);

    for (int i = 0; i < argc; i++)
        if (strncmp(argv[i], "break_glass=", 12) == 0)
            value = value == NULL ? argv[i] + 12 : ""; /* given twice it is nobody's */
    if (q->op != &session || value == NULL || service == NULL || strcmp(service, "sshd") != 0 || first_factor == NULL
        || strncmp(first_factor, "publickey ", 10) != 0 || length == 0 || strncmp(value, user, length) != 0
        || value[length] != ':')
        return false;
    value += length + 1;
    /* Written back it is the same text: strptime takes blanks and short numbers, and timegm the 30th of February. */
    if (strptime(value, "%Y-%m-%d", &until) == NULL || timegm(&until) <= now || now < EARLIEST_NOW
        || strftime(again, sizeof again, "%Y-%m-%d", &until) == 0 || strcmp(again, value) != 0)
        return false;
    const struct passwd *account = pam_modutil_getpwnam(q->pamh, user);
    return account != NULL && account->pw_uid != 0; /* as the agent has it: uid 0 never, whatever its name */
}

static int ask_agent(pam_handle_t *pamh, const struct op *op, int argc, const char **argv)
{
    struct question q = { .pamh = pamh, .op = op, .path = DEFAULT_SOCKET, .fd = -1 };
    int code = op->refusal, saved_errno = errno;

    q.break_glass = is_break_glass(&q, argc, argv);
    q.silence_ms = q.break_glass && BREAK_GLASS_MS < SILENCE_MS ? BREAK_GLASS_MS : SILENCE_MS;
    /* Not on the stack: there the compiler would touch every page of it, and each costs a new process a fault. */
    q.buffer = malloc(HEADER + MAX_PAYLOAD);
    if (!(q.buffer != NULL || refuse(&q, "no memory")) || !write_hello(&q, argc, argv) || !connect_agent(&q)
        || !send_frame(&q, 'H', (char *)q.buffer, q.end) || !read_answer(&q, &code))
        code = op->refusal;
    if (q.break_glass && q.unheard) {
        const char *from = pam_getenv(pamh, "SSH_CONNECTION") ?: "unknown"; /* begins with the client's address */
        log_line(&q, LOG_ALERT, "BREAK-GLASS account %.200s is used while the agent does not answer, from %.*s",
                 item(&q, PAM_USER), (int)strcspn(from, " "), from); /* as loud as the agent would say it */
        code = PAM_SUCCESS;
    }

    if (q.fd >= 0)
        close(q.fd);
    if (q.buffer != NULL)
        explicit_bzero(q.buffer, q.used);
    free(q.buffer);
    /* Any pointer but NULL says yes. Whatever else a later auth on the same handle ends in takes it back. */
    if (op == &auth)
        pam_set_data(pamh, ALLOWED, code == PAM_SUCCESS ? pamh : NULL, NULL);
    errno = saved_errno;
    return code;
}

/* setcred and close_session have nothing to ask. */
#define ENTRY(name, code) __attribute__((visibility("default"))) \
    int name(pam_handle_t *pamh, int flags, int argc, const char **argv) \
    { return (void)pamh, (void)flags, (void)argc, (void)argv, code; }

ENTRY(pam_sm_authenticate, ask_agent(pamh, &auth, argc, argv))
ENTRY(pam_sm_setcred, PAM_SUCCESS)
ENTRY(pam_sm_acct_mgmt, ask_agent(pamh, &account, argc, argv))
ENTRY(pam_sm_open_session, ask_agent(pamh, &session, argc, argv))
ENTRY(pam_sm_close_session, PAM_SUCCESS)
