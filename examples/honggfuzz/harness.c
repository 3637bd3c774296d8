/* A honggfuzz harness for stb_image, in persistent mode. The bus is reached by
 * `llmp sync` beside honggfuzz: it keeps its test cases in files. */
#include <stddef.h>
#include <stdint.h>

#define STB_IMAGE_IMPLEMENTATION
#define STBI_NO_STDIO
#define STBI_MAX_DIMENSIONS 4096 /* larger images only take time */
#include <stb/stb_image.h>

void HF_ITER(const uint8_t **data, size_t *size); /* honggfuzz's compiler brings it */

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
