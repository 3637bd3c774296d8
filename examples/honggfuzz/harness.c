/* A honggfuzz harness for stb_image, in persistent mode. The bus is reached by
 * `llmp sync` beside honggfuzz: it keeps its test cases in files. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

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

void HF_ITER(const uint8_t **data, size_t *size); /* of libhfuzz, which hfuzz-clang links */

int main(void) {
  for (;;) {
    const uint8_t *data;
    size_t size;
    HF_ITER(&data, &size);
    int width, height, channels;
    stbi_uc *pixels = stbi_load_from_memory(data, (int)size, &width, &height, &channels, 4);
    stbi_image_free(pixels);
  }
}
