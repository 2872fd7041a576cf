/*
 * console.c - the terminal: lines in, lines out.
 * Owns: the line discipline and the two rings between programs and the UART.
 * Read next: uart.c below, fs/file.c above.
 *
 * Canonical input (ICANON): a read sees a line when it is complete. The input ring holds three
 * stretches:
 *
 *     read_pos      line_pos      edit_pos
 *        | complete     | being       | free
 *        | lines        | edited      |
 *
 * Without ICANON every byte is complete when it comes, a read returns what there is (VMIN 1, VTIME
 * 0, whatever a program asks for), and ^D is a byte like others. A program that changes the mode
 * loses nothing: what has been typed can be read at once.
 *
 * The boot line says what cannot be seen from here: terminal=0, that nobody types, and then nothing
 * is edited or echoed and isatty(3) is false; rows=N and columns=N, how large a screen shows it.
 *
 * A full ring of output makes the program that writes sleep until the UART has taken some. A full
 * ring of input: where nobody types, its source waits, so that nothing is lost (the receive
 * interrupt is masked until a program reads, and QEMU then lets the pipe wait). A person is not
 * kept waiting: what does not fit is dropped, with a bell, so that ^C is seen however much nobody
 * has read.
 *
 * Two locks, because input wakes programs (so its lock comes before the scheduler's) and the kernel
 * prints with any lock held (so the lock of output comes after all others).
 */
#include <string.h>

#include "arch/irq.h"
#include "arch/machine.h"
#include "kernel/core/boot.h"
#include "kernel/dev/console.h"
#include "kernel/dev/uart.h"
#include "kernel/core/errno.h"
#include "kernel/fs/poll.h"
#include "kernel/core/panic.h"
#include "kernel/core/print.h"
#include "kernel/proc.h"
#include "kernel/signal.h"
#include "mm/uaccess.h"

enum { IN_SIZE = 65536, OUT_SIZE = 4096 };      /* powers of two: positions run freely and are masked */
enum { ECHO_ROOM = 64 };                        /* of the output ring, kept free of programs' text */
enum { WRITE_PIECE = 256 };                     /* a write of up to this many bytes is not interleaved with others */

#define CTRL(c) ((c) & 0x1f)
enum { DEL = 0x7f, EOF_MARK = CTRL('D') };      /* in the input ring: here a read ends */

enum voice { VOICE_KERNEL, VOICE_PROGRAM };

/* termios(3), with the structure and numbers of Linux's asm-generic. */
enum { ICRNL = 0x0100, ISIG = 0x0001, ICANON = 0x0002, ECHO = 0x0008 };

struct linux_termios {
    uint32_t iflag, oflag, cflag, lflag;
    uint8_t line;
    uint8_t cc[19];
};

static const struct linux_termios initial_mode = {
    .iflag = ICRNL,
    .oflag = 0x0005,                    /* OPOST ONLCR */
    .cflag = 0x00bf,                    /* B38400 CS8 CREAD */
    .lflag = 0x0830 | ISIG | ICANON | ECHO,     /* ECHOE ECHOK ECHOKE */
    .cc = { [0] = CTRL('C'), [1] = CTRL('\\'), [2] = DEL, [3] = CTRL('U'), [4] = CTRL('D'), [6] = 1, [10] = CTRL('Z'),
            [14] = CTRL('W') },
};

static struct {
    struct spinlock lock;
    uint32_t read_pos, line_pos, edit_pos;      /* [lock] */
    char ring[IN_SIZE];                         /* [lock] but what lies before line_pos and after read_pos is constant */
    struct waitq readers;                       /* [lock] for a complete line */
    struct waitq writers;                       /* [lock] for room in the output ring */
    int foreground;                             /* [lock] process group that ^C and the like are for; 0: none */
    uint32_t iflag, lflag;                      /* [lock] ICRNL; ISIG, ICANON, ECHO */
    bool started;                               /* [lock] interrupts are on */
    bool plain;                                 /* terminal=0, once started: input is a file's bytes, and ^D is its end */
    struct mutex read_lock;                     /* one reader at a time moves read_pos */
} in = {
    .lock = SPINLOCK_INIT(RANK_DEVICE),
    .readers = { TAILQ_HEAD_INITIALIZER(in.readers.waiters) },
    .writers = { TAILQ_HEAD_INITIALIZER(in.writers.waiters) },
    .iflag = ICRNL,
    .lflag = ISIG | ICANON | ECHO,
    .read_lock = MUTEX_INIT(in.read_lock, RANK_FILE),
};

static struct {
    struct spinlock lock;
    uint32_t take_pos, put_pos;                 /* [lock] */
    char ring[OUT_SIZE];                        /* [lock] */
    bool mid_line;                              /* [lock] the last byte put was not the end of a line */
    enum voice voice;                           /* [lock] whose it was */
    bool panicking;                             /* set once; then there is no lock */
} out = { .lock = SPINLOCK_INIT(RANK_PRINT) };

/* ---- output, under out.lock ---- */

static size_t out_room(void) { return OUT_SIZE - (out.put_pos - out.take_pos); }
static void out_byte(char c) { out.ring[out.put_pos++ % OUT_SIZE] = c; }

/* Put text into the ring, NL as CR NL; it begins a new line when the other voice has not ended its own. There is room. */
static void out_text(const char *text, size_t len, enum voice voice)
{
    if (out.mid_line && out.voice != voice && len > 0) {
        out_byte('\r');
        out_byte('\n');
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n')
            out_byte('\r');
        out_byte(text[i]);
    }
    if (len > 0) {
        out.mid_line = text[len - 1] != '\n';
        out.voice = voice;
    }
}

static size_t out_text_room(const char *text, size_t len)
{
    size_t need = len + 2;
    for (size_t i = 0; i < len; i++)
        need += text[i] == '\n';
    return need;
}

/* Give the UART what it takes without waiting. */
static void out_pump(void)
{
    while (out.take_pos != out.put_pos && uart_tx_empty())
        for (int i = 0; i < UART_FIFO_SIZE && out.take_pos != out.put_pos; i++)
            uart_put(out.ring[out.take_pos++ % OUT_SIZE]);
}

static void out_flush_polled(void)
{
    while (out.take_pos != out.put_pos)
        uart_put_polled(out.ring[out.take_pos++ % OUT_SIZE]);
}

/*
 * Print the kernel's own text, on a line of its own, after everything that programs have written so
 * far.
 * Any context: polls, and takes only a lock of RANK_PRINT.
 */
static void kernel_print(const char *text, size_t len)
{
    unsigned long flags = out.panicking ? 0 : spin_lock_irqsave(&out.lock);
    out_flush_polled();
    for (size_t done = 0; done < len;) {
        size_t n = len - done < OUT_SIZE / 4 ? len - done : OUT_SIZE / 4;
        out_text(text + done, n, VOICE_KERNEL);
        out_flush_polled();
        done += n;
    }
    /* Writers that wait for room are woken by the transmitter's interrupt, which was on if the ring had anything in it. */
    if (!out.panicking)
        spin_unlock_irqrestore(&out.lock, flags);
}

static void panic_mode(void)
{
    out.panicking = true;
    uart_set_interrupts(0);
}

/* ---- input, under in.lock and out.lock ---- */

static void echo(const char *text, size_t len)
{
    if ((in.lflag & ECHO) && out_text_room(text, len) <= out_room())
        out_text(text, len, VOICE_PROGRAM);
}

static bool is_control(char c) { return ((unsigned char)c < ' ' && c != '\t') || c == DEL; }
static bool is_utf8_tail(char c) { return ((unsigned char)c & 0xc0) == 0x80; }

static void echo_char(char c)
{
    if (is_control(c) && c != '\n')
        echo((char[]){ '^', (char)(c ^ 0x40) }, 2);
    else
        echo(c == '\t' ? " " : &c, 1);  /* a tab as one column, so that it can be erased */
}

/* Take the last character back, all its bytes. False when the line is empty. */
static bool erase_char(void)
{
    if (in.edit_pos == in.line_pos)
        return false;
    char c;
    do {
        c = in.ring[--in.edit_pos % IN_SIZE];
    } while (is_utf8_tail(c) && in.edit_pos != in.line_pos);
    echo("\b \b", 3);
    if (is_control(c))
        echo("\b \b", 3);
    return true;
}

static bool last_is_space(void)
{
    return in.edit_pos != in.line_pos && strchr(" \t", in.ring[(in.edit_pos - 1) % IN_SIZE]) != NULL;
}

static void erase_word(void)
{
    while (last_is_space())
        erase_char();
    while (in.edit_pos != in.line_pos && !last_is_space())
        erase_char();
}

static bool in_full(void) { return in.edit_pos - in.read_pos == IN_SIZE; }
static bool in_takes(void) { return (!in_full() || !in.plain) && out_room() >= ECHO_ROOM; }

/* A byte that edits the line instead of joining it. */
static bool edits_line(char c)
{
    switch (c) {
    case '\b': case DEL:
        erase_char();
        return true;
    case CTRL('U'):
        while (erase_char())
            ;
        return true;
    case CTRL('W'):
        erase_word();
        return true;
    default:
        return false;
    }
}

/* The signal that a byte stands for, with ISIG; 0: none. */
static int signal_of(char c)
{
    return c == CTRL('C') ? SIGINT : c == CTRL('\\') ? SIGQUIT : c == CTRL('Z') ? SIGTSTP : 0;
}

/* One byte from the UART. Returns the signal that the foreground group gets for it, when the caller holds no lock; or 0. */
static int in_byte(char c)
{
    bool canonical = in.lflag & ICANON;
    int signal = in.lflag & ISIG ? signal_of(c) : 0;
    if (signal != 0) {
        echo((char[]){ '^', (char)(c ^ 0x40), '\n' }, 3);
        in.read_pos = in.line_pos = in.edit_pos;        /* POSIX, ISIG without NOFLSH: what was typed ahead is dropped */
        return signal;
    }
    if (canonical && !in.plain && edits_line(c))
        return 0;
    if (in_full()) {
        echo("\a", 1);
        return 0;
    }
    if (c == '\r' && (in.iflag & ICRNL))
        c = '\n';
    in.ring[in.edit_pos++ % IN_SIZE] = c;
    if (!canonical || c != EOF_MARK)
        echo_char(c);
    /* A line longer than the ring is given out in parts, for nobody else could make room. */
    if (!canonical || c == '\n' || c == EOF_MARK || (in_full() && in.line_pos == in.read_pos))
        in.line_pos = in.edit_pos;
    return 0;
}

/* Choose the interrupts that mean "there may be room again". Under both locks. */
static void choose_interrupts(void)
{
    unsigned want = out.take_pos != out.put_pos ? UART_TX : 0;
    if (in_takes())
        want |= UART_RX;
    uart_set_interrupts(in.started ? want : 0);
}

/* Move bytes both ways as far as there is room; up to a signal: what comes behind it interrupts again. */
static void console_interrupt(void)
{
    int signal = 0;
    char c;
    unsigned long flags = spin_lock_irqsave(&in.lock);
    spin_lock(&out.lock);
    out_pump();
    while (signal == 0 && in_takes() && uart_get(&c))
        signal = in_byte(c);
    out_pump();
    choose_interrupts();
    bool roomy = out_room() >= OUT_SIZE / 2;
    spin_unlock(&out.lock);
    if (in.read_pos != in.line_pos)
        wake_all(&in.readers);
    if (roomy)
        wake_all(&in.writers);
    int foreground = in.foreground;
    spin_unlock_irqrestore(&in.lock, flags);
    poll_notify();
    if (signal != 0 && foreground > 0)
        signal_send_group(foreground, signal);
}

/* ---- setting up ---- */

void console_init(void)
{
    static const struct print_sink sink = { kernel_print, panic_mode };
    print_to(&sink);
}

void console_start(void)
{
    if (machine.uart.regs.start == 0)
        return;
    unsigned long flags = spin_lock_irqsave(&in.lock);
    in.started = true;
    in.plain = boot_number("terminal", 1) == 0;
    if (in.plain) {
        in.iflag = 0;
        in.lflag = ICANON;
    }
    spin_unlock_irqrestore(&in.lock, flags);
    irq_register(machine.uart.irq, console_interrupt);
    console_interrupt();                /* turns the receiver on */
}

void console_set_foreground(int pgid)
{
    unsigned long flags = spin_lock_irqsave(&in.lock);
    in.foreground = pgid;
    spin_unlock_irqrestore(&in.lock, flags);
}

/* ---- the file ---- */

/* The stretch of the ring that a read may take: up to the end of a line, of the ring, of len. Under in.lock. */
static size_t readable(size_t len, const char **start, bool *line_ends)
{
    assert(spin_held(&in.lock));
    uint32_t at = in.read_pos % IN_SIZE, n = in.line_pos - in.read_pos;
    if (n > IN_SIZE - at)
        n = IN_SIZE - at;
    if (n - 1 > len)                    /* how a line ends far beyond len is nobody's business yet */
        n = (uint32_t)len + 1;
    *start = in.ring + at;
    *line_ends = true;
    if (!(in.lflag & ICANON))
        return n < len ? n : len;
    for (uint32_t i = 0; i < n; i++) {
        if ((*start)[i] == EOF_MARK || (*start)[i] == '\n') {
            n = (*start)[i] == '\n' ? i + 1 : i;
            *line_ends = n <= len;
            return n < len ? n : len;
        }
    }
    *line_ends = in.read_pos + n == in.line_pos && n <= len;
    return n < len ? n : len;
}

/* After n bytes have been read from read_pos (unless ^C has dropped them meanwhile): make room, and let input go on. */
static void consume(uint32_t read_pos, size_t n, bool line_ends)
{
    if (in.read_pos == read_pos) {
        in.read_pos += (uint32_t)n;
        if (line_ends && (in.lflag & ICANON) && in.read_pos != in.line_pos && in.ring[in.read_pos % IN_SIZE] == EOF_MARK &&
            (n == 0 ? !in.plain : in.ring[(in.read_pos - 1) % IN_SIZE] != '\n'))
            in.read_pos++;              /* the mark goes with the line that it ends; the end of a file stays */
    }
    spin_lock(&out.lock);
    choose_interrupts();                /* what has come meanwhile raises one at once */
    spin_unlock(&out.lock);
}

static int wait_for_line(struct file *f)
{
    int err = 0;
    unsigned long flags = spin_lock_irqsave(&in.lock);
    while (in.read_pos == in.line_pos && err == 0)
        err = (f->flags & O_NONBLOCK) ? -EAGAIN : sleep_on_interruptible(&in.readers, &in.lock);
    spin_unlock_irqrestore(&in.lock, flags);
    return err;
}

/* At most one line. Bytes are copied from the ring itself: they stay until read_pos moves, which read_lock keeps to us. */
static long console_read(struct file *f, struct uio *u)
{
    long total = 0;
    int err = 0;
    if (u->resid == 0)
        return 0;
    if (!in.plain)
        err = signal_if_background(in.foreground, SIGTTIN);
    mutex_lock(&in.read_lock);
    for (bool line_ends = false; !line_ends && u->resid > 0 && err == 0;) {
        unsigned long flags = spin_lock_irqsave(&in.lock);
        const char *start;
        uint32_t read_pos = in.read_pos;
        bool none = in.read_pos == in.line_pos;
        size_t n = none ? 0 : readable(u->resid, &start, &line_ends), done = 0;
        spin_unlock_irqrestore(&in.lock, flags);
        if (none && total > 0)
            break;
        if (none) {                     /* nobody sleeps for input with a mutex held */
            mutex_unlock(&in.read_lock);
            err = wait_for_line(f);
            mutex_lock(&in.read_lock);
            continue;
        }
        err = uio_move(u, (void *)start, n, UIO_TO_USER, &done);
        total += (long)done;
        flags = spin_lock_irqsave(&in.lock);
        consume(read_pos, done, line_ends && done == n);
        spin_unlock_irqrestore(&in.lock, flags);
    }
    mutex_unlock(&in.read_lock);
    return total > 0 ? total : err;
}

/* Queue all of text in one piece, sleeping for room. */
static int send(struct file *f, const char *text, size_t len)
{
    size_t need = out_text_room(text, len) + ECHO_ROOM;
    int err = 0;
    unsigned long flags = spin_lock_irqsave(&in.lock);
    while (err == 0) {
        spin_lock(&out.lock);
        out_pump();
        bool fits = need <= out_room();
        if (fits)
            out_text(text, len, VOICE_PROGRAM);
        out_pump();
        choose_interrupts();
        spin_unlock(&out.lock);
        if (fits)
            break;
        err = (f->flags & O_NONBLOCK) ? -EAGAIN : sleep_on_interruptible(&in.writers, &in.lock);
    }
    spin_unlock_irqrestore(&in.lock, flags);
    return err;
}

static long console_write(struct file *f, struct uio *u)
{
    long total = 0;
    int err = 0;
    while (u->resid > 0 && err == 0) {
        char text[WRITE_PIECE];
        size_t n = u->resid < sizeof(text) ? u->resid : sizeof(text), done = 0;
        int fault = uio_move(u, text, n, UIO_FROM_USER, &done);
        err = done > 0 ? send(f, text, done) : 0;
        if (err == 0) {
            total += (long)done;
            err = fault != 0 ? fault : thread_between_pieces();
        }
    }
    return total > 0 ? total : err;
}

/* ioctl_tty(2), with the structures and numbers of Linux's asm-generic. */
enum { TCGETS = 0x5401, TCSETS, TCSETSW, TCSETSF, TIOCGPGRP = 0x540f, TIOCSPGRP = 0x5410, TIOCGWINSZ = 0x5413 };

static int get_mode(struct addrspace *as, vaddr_t arg)
{
    struct linux_termios mode = initial_mode;
    unsigned long flags = spin_lock_irqsave(&in.lock);
    mode.iflag = (mode.iflag & ~ICRNL) | in.iflag;
    mode.lflag = (mode.lflag & ~(ISIG | ICANON | ECHO)) | in.lflag;
    spin_unlock_irqrestore(&in.lock, flags);
    return copy_to_user(as, arg, &mode, sizeof(mode), NULL);
}

/* Take ICRNL, ISIG, ICANON and ECHO, and ignore the rest. TCSETSF also drops what nobody has read yet. */
static int set_mode(struct addrspace *as, unsigned request, vaddr_t arg)
{
    struct linux_termios mode;
    if (copy_from_user(as, &mode, arg, sizeof(mode), NULL) != 0)
        return -EFAULT;
    unsigned long flags = spin_lock_irqsave(&in.lock);
    in.iflag = mode.iflag & ICRNL;
    in.lflag = mode.lflag & (ISIG | ICANON | ECHO);
    if (!(in.lflag & ICANON))
        in.line_pos = in.edit_pos;
    if (request == TCSETSF)
        in.read_pos = in.line_pos = in.edit_pos;
    spin_lock(&out.lock);
    choose_interrupts();
    spin_unlock(&out.lock);
    if (in.read_pos != in.line_pos)
        wake_all(&in.readers);
    spin_unlock_irqrestore(&in.lock, flags);
    poll_notify();
    return 0;
}

static unsigned console_poll(struct file *f)
{
    (void)f;
    unsigned long flags = spin_lock_irqsave(&in.lock);
    bool readable = in.read_pos != in.line_pos;
    spin_unlock_irqrestore(&in.lock, flags);
    return POLLOUT | POLLWRNORM | (readable ? POLLIN | POLLRDNORM : 0);
}

static long console_ioctl(struct file *f, unsigned request, vaddr_t arg)
{
    const uint16_t size[4] = { (uint16_t)boot_number("rows", 24), (uint16_t)boot_number("columns", 80) };   /* struct winsize */
    struct addrspace *as = current()->as;
    int32_t pgid;
    unsigned long flags;
    (void)f;
    if (in.plain && request >= TCGETS && request <= TCSETSF)
        return -ENOTTY;                 /* what isatty(3) goes by */
    switch (request) {
    case TCGETS:
        return get_mode(as, arg);
    case TCSETS:
    case TCSETSW:                       /* what has been written is in the ring already, in order */
    case TCSETSF:
        return set_mode(as, request, arg);
    case TIOCGWINSZ:
        return copy_to_user(as, arg, &size, sizeof(size), NULL);
    case TIOCGPGRP:
        flags = spin_lock_irqsave(&in.lock);
        pgid = in.foreground;
        spin_unlock_irqrestore(&in.lock, flags);
        return copy_to_user(as, arg, &pgid, sizeof(pgid), NULL);
    case TIOCSPGRP:
        if (copy_from_user(as, &pgid, arg, sizeof(pgid), NULL) != 0)
            return -EFAULT;
        if (pgid <= 0)
            return -EINVAL;
        console_set_foreground(pgid);
        return 0;
    default:
        return -ENOTTY;
    }
}

const struct file_ops console_file_ops = {
    .read = console_read, .write = console_write, .poll = console_poll, .ioctl = console_ioctl,
};
