/* A libFuzzer harness for stb_image. Nothing in it knows of the bus: linked with
 * llmp_libfuzzer it publishes what it finds and runs what others find. */
#include <stddef.h>
#include <stdint.h>

#define STB_IMAGE_IMPLEMENTATION
#define STBI_NO_STDIO
#define STBI_MAX_DIMENSIONS 4096 /* larger images only take time */
#include <stb/stb_image.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  int width, height, channels;
  stbi_uc *pixels = stbi_load_from_memory(data, (int)size, &width, &height, &channels, 4);
  stbi_image_free(pixels);
  return 0;
}
