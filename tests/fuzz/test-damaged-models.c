/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Random damage to model files: each is refused with one error or loads and
 * runs; nothing crashes (run under ASan and UBSan by ./check).
 * RNNC_FUZZ_SECONDS sets how long (default: 2000 files). The seed is GLib's
 * (--seed), so a failure repeats. */
#include <string.h>

#include "rnncore/rnncore.h"
#include "tests/support/raw-model.h"

#define DEFAULT_FILES 2000

static const char description[]
    = "{\"format\":1,\"task\":\"speech\",\"language\":\"en\",\"frontend\":"
      "{\"type\":\"log-mel\",\"mels\":4,\"fft\":512,\"mean\":[0,0,0,0],"
      "\"deviation\":[1,1,1,1]},\"layers\":[{\"type\":\"conv1d\",\"name\":"
      "\"c\",\"channels\":3,\"kernel\":3,\"stride\":2,\"right\":1},"
      "{\"type\":\"batch-norm\",\"name\":\"n\"},{\"type\":\"relu\"},"
      "{\"type\":\"lstm\",\"name\":\"r\",\"hidden\":2,\"bidirectional\":true,"
      "\"chunk\":4,\"look-ahead\":2},{\"type\":\"dense\",\"name\":\"d\","
      "\"units\":3},{\"type\":\"log-softmax\"}],\"labels\":[\"<b>\",\" \","
      "\"a\"],\"blank\":0}";

static const struct {
  const char *name;
  const char *shape;
  gsize elements;
} tensors[] = {
  { "c.weight", "3,4,3", 36 },
  { "c.bias", "3", 3 },
  { "n.weight", "3", 3 },
  { "n.bias", "3", 3 },
  { "n.running_mean", "3", 3 },
  { "n.running_var", "3", 3 },
  { "r.weight_ih_l0", "8,3", 24 },
  { "r.weight_hh_l0", "8,2", 16 },
  { "r.bias_ih_l0", "8", 8 },
  { "r.bias_hh_l0", "8", 8 },
  { "r.weight_ih_l0_reverse", "8,3", 24 },
  { "r.weight_hh_l0_reverse", "8,2", 16 },
  { "r.bias_ih_l0_reverse", "8", 8 },
  { "r.bias_hh_l0_reverse", "8", 8 },
  { "d.weight", "3,4", 12 },
  { "d.bias", "3", 3 },
};

static GBytes *
make_seed (void)
{
  GString *list = g_string_new (NULL);
  g_autofree char *header = NULL;
  g_autofree float *data = NULL;
  gsize n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (tensors); i++) {
    g_string_append_printf (list,
        "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[%s],\"data_offsets\":"
        "[%" G_GSIZE_FORMAT ",%" G_GSIZE_FORMAT "]}",
        i > 0 ? "," : "", tensors[i].name, tensors[i].shape, 4 * n,
        4 * (n + tensors[i].elements));
    n += tensors[i].elements;
  }
  data = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    data[i] = 0.1f + (i % 7) * 0.05f;
  header = raw_model_header (description, list->str);
  g_string_free (list, TRUE);
  return raw_model_bytes (header, data, 4 * n);
}

/* One to eight faults: a byte, a digit, a run removed, repeated or swapped. */
static GBytes *
damage (GBytes *seed)
{
  GByteArray *bytes = g_byte_array_new ();
  gsize size;
  gconstpointer data = g_bytes_get_data (seed, &size);
  gint n_faults = g_test_rand_int_range (1, 9);

  g_byte_array_append (bytes, data, size);
  for (gint i = 0; i < n_faults && bytes->len > 16; i++) {
    guint at = g_test_rand_int_range (0, bytes->len);
    guint run = g_test_rand_int_range (1, 40);
    g_autofree guint8 *copy = NULL;

    run = MIN (run, bytes->len - at);
    switch (g_test_rand_int_range (0, 6)) {
      case 0:
        bytes->data[at] ^= 1 << g_test_rand_int_range (0, 8);
        break;
      case 1:
        bytes->data[at] = g_test_rand_int_range (0, 256);
        break;
      case 2:
        while (at < bytes->len && !g_ascii_isdigit (bytes->data[at]))
          at++;
        if (at < bytes->len)
          bytes->data[at] = '0' + g_test_rand_int_range (0, 10);
        break;
      case 3:
        g_byte_array_remove_range (bytes, at, run);
        break;
      case 4:
        copy = g_memdup2 (bytes->data + at, run);
        g_byte_array_append (bytes, copy, run);
        break;
      case 5:
        g_byte_array_set_size (bytes, at + 1);
        break;
    }
  }
  return g_byte_array_free_to_bytes (bytes);
}

/* Keep the header length right most times, or little else is reached. */
static GBytes *
damage_inside (GBytes *seed)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (seed, &size);
  g_autoptr (GBytes) rest = g_bytes_new (data + 8, size - 8);
  g_autoptr (GBytes) broken = damage (rest);
  GByteArray *bytes = g_byte_array_new ();
  gsize broken_size;
  const guint8 *text = g_bytes_get_data (broken, &broken_size);
  const guint8 *end
      = broken_size > 0 ? memmem (text, broken_size, "}}", 2) : NULL;
  guint64 length;

  memcpy (&length, data, sizeof length);
  while (end != NULL && (gsize) (end - text) + 4 < broken_size) {
    const guint8 *next
        = memmem (end + 2, broken_size - (end + 2 - text), "}}", 2);

    if (next == NULL)
      break;
    end = next;
  }
  if (end != NULL)
    length = GUINT64_TO_LE ((guint64) (end + 2 - text));
  g_byte_array_append (bytes, (const guint8 *) &length, sizeof length);
  g_byte_array_append (bytes, text, broken_size);
  return g_byte_array_free_to_bytes (bytes);
}

static void
ignore_outputs (const float *outputs, gsize n_frames, gpointer user_data)
{
  *(gsize *) user_data += n_frames;
}

static gboolean
load_and_run (GBytes *bytes)
{
  char *path = raw_model_write (bytes);
  g_autoptr (GError) error = NULL;
  RnncModel *model = rnnc_model_load (path, &error);

  if (model == NULL) {
    g_assert_nonnull (error);
    g_assert_true (g_str_has_prefix (error->message, path));
  } else if (rnnc_model_input_size (model) <= 4096) {
    g_autofree float *features
        = g_new0 (float, 9 * rnnc_model_input_size (model));
    gsize n_outputs = 0;
    RnncStream *stream = rnnc_stream_new (model, ignore_outputs, &n_outputs);

    rnnc_stream_push_features (stream, features, 9);
    rnnc_stream_flush (stream);
    g_assert_cmpuint (n_outputs, ==, rnnc_model_output_frames (model, 9));
    rnnc_stream_free (stream);
  }
  g_clear_pointer (&model, rnnc_model_unref);
  raw_model_remove (path);
  return error == NULL;
}

static void
test_random (void)
{
  const char *seconds = g_getenv ("RNNC_FUZZ_SECONDS");
  gint64 end = seconds != NULL
      ? g_get_monotonic_time () + g_ascii_strtoll (seconds, NULL, 10) * 1000000
      : 0;
  g_autoptr (GBytes) seed = make_seed ();
  guint n_files = 0, n_loaded = 0;

  g_assert_true (load_and_run (seed));
  while (seconds != NULL ? g_get_monotonic_time () < end
                         : n_files < DEFAULT_FILES) {
    g_autoptr (GBytes) bytes
        = n_files % 4 == 0 ? damage (seed) : damage_inside (seed);

    n_loaded += load_and_run (bytes);
    n_files++;
  }
  g_test_message ("%u damaged files, %u of them loaded", n_files, n_loaded);
  g_assert_cmpuint (n_loaded, <, n_files);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fuzz/damaged-models", test_random);
  return g_test_run ();
}
