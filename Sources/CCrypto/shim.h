// The door to OpenSSL's libcrypto: one digest of bytes in memory.
#ifndef FAGURE_CCRYPTO_SHIM_H
#define FAGURE_CCRYPTO_SHIM_H

#include <openssl/evp.h>
#include <stddef.h>

enum { FAGURE_SHA256_BYTES = 32 };

// Writes the SHA-256 (FIPS 180-4) of some bytes to `digest`, which has room for 32; 0 where the library has none.
static inline int fagure_sha256(const void *bytes, size_t count, unsigned char *digest) {
    unsigned int written = 0;
    return EVP_Digest(bytes, count, digest, &written, EVP_sha256(), NULL) == 1 && written == FAGURE_SHA256_BYTES;
}

#endif
