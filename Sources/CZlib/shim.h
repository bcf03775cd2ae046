// The door to zlib: files from one descriptor to another, so that no pointer crosses into Swift; messages whole.
#ifndef FAGURE_CZLIB_SHIM_H
#define FAGURE_CZLIB_SHIM_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

enum {
    FAGURE_GUNZIP_TRUNCATED = -1,
    FAGURE_GUNZIP_CORRUPT = -2,
    FAGURE_GUNZIP_TOO_LARGE = -3,
    FAGURE_GUNZIP_READ_FAILED = -4,
    FAGURE_GUNZIP_WRITE_FAILED = -5,
    FAGURE_GUNZIP_NO_MEMORY = -6,
    FAGURE_GUNZIP_BUFFER = 1 << 17
};

// Says how many bytes a regular file has; -1 for whatever else a path can name (folders, pipes, devices).
static inline int64_t fagure_regular_file_size(int descriptor) {
    struct stat status;
    if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return -1;
    return (int64_t)status.st_size;
}

// Opens a file without a name that is gone when closed; -1 when there is none to be had.
static inline int fagure_anonymous_file(void) {
#if defined(__linux__) && defined(SYS_memfd_create)
    // The system call rather than memfd_create, which glibc declares only under _GNU_SOURCE. 1 is
    // MFD_CLOEXEC.
    return (int)syscall(SYS_memfd_create, "fagure", 1U);
#else
    FILE *file = tmpfile();
    if (file == NULL) return -1;
    int descriptor = dup(fileno(file));
    fclose(file);
    return descriptor;
#endif
}

static inline int64_t fagure_read(int descriptor, unsigned char *buffer) {
    ssize_t count;
    do { count = read(descriptor, buffer, FAGURE_GUNZIP_BUFFER); } while (count < 0 && errno == EINTR);
    return (int64_t)count;
}

static inline int fagure_write(int descriptor, const unsigned char *bytes, size_t count) {
    while (count > 0) {
        ssize_t written = write(descriptor, bytes, count);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return 0;
        bytes += written;
        count -= (size_t)written;
    }
    return 1;
}

// Decompresses with the stream and buffers given: `input` and `output` hold FAGURE_GUNZIP_BUFFER bytes each.
static inline int64_t fagure_inflate_all(
    z_stream *stream, int source, int target, int64_t limit, unsigned char *input, unsigned char *output) {
    int64_t total = 0;
    int inside = 1; // a gzip file is one or more members, one after the other
    for (;;) {
        if (stream->avail_in == 0) {
            int64_t count = fagure_read(source, input);
            if (count < 0) return FAGURE_GUNZIP_READ_FAILED;
            if (count == 0) return inside ? FAGURE_GUNZIP_TRUNCATED : total;
            stream->next_in = input;
            stream->avail_in = (uInt)count;
        }
        if (!inside) {
            if (inflateReset(stream) != Z_OK) return FAGURE_GUNZIP_CORRUPT;
            inside = 1;
        }
        stream->next_out = output;
        stream->avail_out = FAGURE_GUNZIP_BUFFER;
        int status = inflate(stream, Z_NO_FLUSH);
        int64_t produced = FAGURE_GUNZIP_BUFFER - (int64_t)stream->avail_out;
        if (produced > limit - total) return FAGURE_GUNZIP_TOO_LARGE;
        if (!fagure_write(target, output, (size_t)produced)) return FAGURE_GUNZIP_WRITE_FAILED;
        total += produced;
        if (status == Z_STREAM_END) {
            inside = 0;
        } else if (status == Z_MEM_ERROR) {
            return FAGURE_GUNZIP_NO_MEMORY;
        } else if (status != Z_OK && status != Z_BUF_ERROR) {
            return FAGURE_GUNZIP_CORRUPT;
        }
    }
}

// Decompresses a gzip file from where `source` stands to its end, appending to `target`. Gives the number of
// bytes written, or one of the negative codes above; never writes more than `limit` bytes.
static inline int64_t fagure_gunzip(int source, int target, int64_t limit) {
    unsigned char *buffers = (unsigned char *)malloc(2 * (size_t)FAGURE_GUNZIP_BUFFER);
    if (buffers == NULL) return FAGURE_GUNZIP_NO_MEMORY;
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    int64_t result = FAGURE_GUNZIP_NO_MEMORY;
    if (inflateInit2(&stream, 15 + 16) == Z_OK) { // the largest window, gzip framing only
        result = fagure_inflate_all(
            &stream, source, target, limit, buffers, buffers + FAGURE_GUNZIP_BUFFER);
        inflateEnd(&stream);
    }
    free(buffers);
    return result;
}

// What became of a member of a ZIP file: its length or one of the codes above, and the CRC-32 of its bytes.
typedef struct {
    int64_t byte_count;
    uint32_t crc;
} fagure_member;

static inline int64_t fagure_unpack_with(
    z_stream *stream, int source, int64_t offset, int64_t packed, int target, int64_t limit, uLong *crc,
    unsigned char *input, unsigned char *output) {
    int64_t total = 0;
    for (;;) {
        if (stream->avail_in == 0) {
            size_t wanted = packed < FAGURE_GUNZIP_BUFFER ? (size_t)packed : (size_t)FAGURE_GUNZIP_BUFFER;
            ssize_t count;
            if (wanted == 0) return FAGURE_GUNZIP_TRUNCATED;
            do { count = pread(source, input, wanted, (off_t)offset); } while (count < 0 && errno == EINTR);
            if (count < 0) return FAGURE_GUNZIP_READ_FAILED;
            if (count == 0) return FAGURE_GUNZIP_TRUNCATED;
            offset += count;
            packed -= count;
            stream->next_in = input;
            stream->avail_in = (uInt)count;
        }
        stream->next_out = output;
        stream->avail_out = FAGURE_GUNZIP_BUFFER;
        int status = inflate(stream, Z_NO_FLUSH);
        int64_t produced = FAGURE_GUNZIP_BUFFER - (int64_t)stream->avail_out;
        if (produced > limit - total) return FAGURE_GUNZIP_TOO_LARGE;
        *crc = crc32(*crc, output, (uInt)produced);
        if (!fagure_write(target, output, (size_t)produced)) return FAGURE_GUNZIP_WRITE_FAILED;
        total += produced;
        if (status == Z_STREAM_END) return total;
        if (status == Z_MEM_ERROR) return FAGURE_GUNZIP_NO_MEMORY;
        if (status != Z_OK && status != Z_BUF_ERROR) return FAGURE_GUNZIP_CORRUPT;
    }
}

// Decompresses `packed` bytes of raw deflate that begin at `offset`, appending to `target`.
static inline fagure_member fagure_unpack(int source, int64_t offset, int64_t packed, int target, int64_t limit) {
    fagure_member member = {FAGURE_GUNZIP_NO_MEMORY, 0};
    unsigned char *buffers = (unsigned char *)malloc(2 * (size_t)FAGURE_GUNZIP_BUFFER);
    if (buffers == NULL) return member;
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    uLong crc = crc32(0, Z_NULL, 0);
    if (inflateInit2(&stream, -15) == Z_OK) {
        member.byte_count = fagure_unpack_with(
            &stream, source, offset, packed, target, limit, &crc, buffers, buffers + FAGURE_GUNZIP_BUFFER);
        inflateEnd(&stream);
    }
    free(buffers);
    member.crc = (uint32_t)crc;
    return member;
}

// Copies `count` bytes that begin at `offset` as they are, appending to `target`.
static inline fagure_member fagure_copy(int source, int64_t offset, int64_t count, int target) {
    fagure_member member = {FAGURE_GUNZIP_NO_MEMORY, 0};
    unsigned char *buffer = (unsigned char *)malloc((size_t)FAGURE_GUNZIP_BUFFER);
    if (buffer == NULL) return member;
    uLong crc = crc32(0, Z_NULL, 0);
    member.byte_count = 0;
    while (count > 0) {
        size_t wanted = count < FAGURE_GUNZIP_BUFFER ? (size_t)count : (size_t)FAGURE_GUNZIP_BUFFER;
        ssize_t got;
        do { got = pread(source, buffer, wanted, (off_t)offset); } while (got < 0 && errno == EINTR);
        if (got <= 0) { member.byte_count = got < 0 ? FAGURE_GUNZIP_READ_FAILED : FAGURE_GUNZIP_TRUNCATED; break; }
        crc = crc32(crc, buffer, (uInt)got);
        if (!fagure_write(target, buffer, (size_t)got)) { member.byte_count = FAGURE_GUNZIP_WRITE_FAILED; break; }
        offset += got;
        count -= got;
        member.byte_count += got;
    }
    free(buffer);
    member.crc = (uint32_t)crc;
    return member;
}

// Compresses a message into a buffer (RFC 1950). Gives the number of bytes, or -1 where there is no room.
static inline int64_t fagure_deflate(const void *source, size_t count, void *target, size_t capacity) {
    uLongf produced = (uLongf)capacity;
    int status = compress2((Bytef *)target, &produced, (const Bytef *)source, (uLong)count, 1);
    return status == Z_OK ? (int64_t)produced : -1;
}

// Decompresses a message into a buffer. Gives the number of bytes, -1 where there is no room or memory for it, -2 where it
// is none.
static inline int64_t fagure_inflate(const void *source, size_t count, void *target, size_t capacity) {
    uLongf produced = (uLongf)capacity;
    int status = uncompress((Bytef *)target, &produced, (const Bytef *)source, (uLong)count);
    if (status == Z_OK) return (int64_t)produced;
    return status == Z_BUF_ERROR && produced == (uLongf)capacity ? -1 : status == Z_MEM_ERROR ? -1 : -2;
}

#endif
