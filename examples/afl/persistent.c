/* An AFL++ persistent harness for stb_image. The bus is not in here but in
 * afl-fuzz, where the custom mutator libllmp_afl.so sits. */
#include <stdlib.h>
#include <unistd.h> /* for AFL++'s macros */

/* A few bytes can ask stb_image for gigabytes: that is refused here, as engines
 * would report it as a find. The largest image has half of it. */
static void *bounded_realloc(void *block, size_t size) {
  return size <= (512u << 20) ? realloc(block, size) : NULL;
}

#define STB_IMAGE_IMPLEMENTATION
#define STBI_NO_STDIO
#define STBI_MAX_DIMENSIONS 4096 /* larger images only take time */
#define STBI_MALLOC(size) bounded_realloc(NULL, size)
#define STBI_REALLOC(block, size) bounded_realloc(block, size)
#define STBI_FREE(block) free(block)
#include <stb/stb_image.h>

__AFL_FUZZ_INIT();

int main(void) {
  __AFL_INIT();
  unsigned char *data = __AFL_FUZZ_TESTCASE_BUF; /* after __AFL_INIT, before the loop */
  while (__AFL_LOOP(10000)) {
    int width, height, channels;
    const int size = __AFL_FUZZ_TESTCASE_LEN;
    stbi_uc *pixels = stbi_load_from_memory(data, size, &width, &height, &channels, 4);
    stbi_image_free(pixels);
  }
  return 0;
}
