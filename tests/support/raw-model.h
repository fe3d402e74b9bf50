/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Model files put together byte by byte, whole or broken. */
#pragma once

#include <glib.h>

/* A valid little model: "none" front end of 2 features, dense 2 -> 3. */
#define RAW_DESCRIPTION                                                        \
  "{\"format\":1,\"task\":\"test\","                                           \
  "\"frontend\":{\"type\":\"none\",\"features\":2},"                           \
  "\"layers\":[{\"type\":\"dense\",\"name\":\"fc\",\"units\":3}],"             \
  "\"labels\":[\"a\",\"b\",\"c\"]}"
#define RAW_TENSORS                                                            \
  "\"fc.weight\":{\"dtype\":\"F32\",\"shape\":[3,2],"                          \
  "\"data_offsets\":[0,24]},"                                                  \
  "\"fc.bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[24,36]}"
#define RAW_DATA_BYTES 36

/* '{"__metadata__":{"rnncore":"…"},TENSORS}' with the description escaped. */
char *raw_model_header (const char *description, const char *tensors);

/* The bytes of a file: length, @header, @n_data bytes of @data (or zeros). */
GBytes *raw_model_bytes (const char *header, gconstpointer data, gsize n_data);

/* Writes @bytes into a fresh temporary file; free with raw_model_remove(). */
char *raw_model_write (GBytes *bytes);
void raw_model_remove (char *path);
