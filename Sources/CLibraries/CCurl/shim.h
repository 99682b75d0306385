#pragma once
#include <curl/curl.h>

// curl's setters are variadic, which Swift cannot call: one typed function per argument kind.
static inline CURLcode curl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}
