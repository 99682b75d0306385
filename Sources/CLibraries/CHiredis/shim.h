#pragma once
// Redis's own C client. Only its non-blocking context is used: connect, buffers, reply parser.
#include <hiredis/hiredis.h>


// errstr is an array, which Swift sees as a tuple.
static inline const char *redis_error_text(const redisContext *context) {
    return context->errstr;
}

// TLS lives in a second library, which Debian 12 does not have. It is looked up at run time, so
// that the program links and starts without it. hiredis itself checks the certificate's chain but
// not its name, so the OpenSSL session is made here, where the name can be checked as well.
#if __has_include(<hiredis/hiredis_ssl.h>)
#include <dlfcn.h>
#include <stddef.h>
#include <hiredis/hiredis_ssl.h>

#define REDIS_SHIM_TEXT_OF(name) #name
#define REDIS_SHIM_TEXT(name) REDIS_SHIM_TEXT_OF(name)

static inline void *redis_tls_library(void) {
    return dlopen("libhiredis_ssl.so." REDIS_SHIM_TEXT(HIREDIS_SONAME), RTLD_NOW | RTLD_GLOBAL);
}

static inline int redis_tls_is_available(void) {
    void *library = redis_tls_library();
    return library != NULL && dlsym(library, "redisInitiateSSL") != NULL;
}

#define REDIS_SHIM_FIND(result, name, ...) \
    result (*name)(__VA_ARGS__) = (result (*)(__VA_ARGS__))dlsym(library, #name); \
    if (name == NULL) return "a function of OpenSSL is missing: " #name

// Begins TLS on a connected context; the handshake goes on as bytes are read and written. The
// authorities are OpenSSL's own (SSL_CERT_FILE and SSL_CERT_DIR are obeyed).
// Returns NULL, or what went wrong.
static inline const char *redis_tls_begin(redisContext *context, const char *host) {
    void *library = redis_tls_library();
    if (library == NULL) return "libhiredis_ssl is not installed";
    REDIS_SHIM_FIND(int, redisInitOpenSSL, void);
    REDIS_SHIM_FIND(int, redisInitiateSSL, redisContext *, void *);
    REDIS_SHIM_FIND(const void *, TLS_client_method, void);
    REDIS_SHIM_FIND(void *, SSL_CTX_new, const void *);
    REDIS_SHIM_FIND(int, SSL_CTX_set_default_verify_paths, void *);
    REDIS_SHIM_FIND(void, SSL_CTX_set_verify, void *, int, void *);
    REDIS_SHIM_FIND(long, SSL_CTX_ctrl, void *, int, long, void *);
    REDIS_SHIM_FIND(void, SSL_CTX_free, void *);
    REDIS_SHIM_FIND(void *, SSL_new, void *);
    REDIS_SHIM_FIND(long, SSL_ctrl, void *, int, long, void *);
    REDIS_SHIM_FIND(void *, SSL_get0_param, void *);
    REDIS_SHIM_FIND(int, X509_VERIFY_PARAM_set1_ip_asc, void *, const char *);
    REDIS_SHIM_FIND(int, SSL_set1_host, void *, const char *);
    REDIS_SHIM_FIND(void, SSL_free, void *);

    redisInitOpenSSL();
    void *settings = SSL_CTX_new(TLS_client_method());
    if (settings == NULL) return "OpenSSL could not make a context";
    SSL_CTX_set_verify(settings, 1 /* SSL_VERIFY_PEER */, NULL);
    SSL_CTX_ctrl(settings, 123 /* SSL_CTRL_SET_MIN_PROTO_VERSION */, 0x0303 /* TLS 1.2 */, NULL);
    void *session = NULL;
    if (SSL_CTX_set_default_verify_paths(settings) == 1) session = SSL_new(settings);
    SSL_CTX_free(settings); // The session keeps it.
    if (session == NULL) return "OpenSSL could not make a session";

    int is_named = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host);
    if (!is_named) {
        is_named = SSL_set1_host(session, host)
            && SSL_ctrl(session, 55 /* SSL_CTRL_SET_TLSEXT_HOSTNAME */, 0, (void *)host);
    }
    if (!is_named || redisInitiateSSL(context, session) != REDIS_OK) {
        SSL_free(session);
        return is_named ? context->errstr : "OpenSSL refused the host's name";
    }
    return NULL;
}
#undef REDIS_SHIM_FIND
#else
static inline int redis_tls_is_available(void) {
    return 0;
}

static inline const char *redis_tls_begin(redisContext *context, const char *host) {
    (void)context;
    (void)host;
    return "this program was built with a hiredis that has no TLS";
}
#endif
