/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Layers that run: a specification with its weights packed. Immutable and
 * shared; what a stream remembers is a block of memory of its own. */
#pragma once

#include "rnncore/layers/layer-spec.h"

G_BEGIN_DECLS

/* Where weights come from. */
typedef struct {
  /* Returns: (transfer full): [shape] finite numbers, or %NULL with @error. */
  float *(*read) (gpointer source, const char *name, const gsize *shape,
      guint rank, GError **error);
  /* Returns: (transfer full) (nullable): the same matrix as bytes from -127 to
   * 127, which a row's scale in @scales (transfer full) multiplies; %NULL where
   * it is not stored so. For tensors that read() found good. */
  gint8 *(*read_bytes) (gpointer source, const char *name, float **scales);
  gpointer source;
} RnncTensorSource;

/* Weights as they are multiplied: numbers, or bytes where the file has them. */
typedef struct {
  float *values; /* %NULL where there are bytes */
  gint8 *bytes;
  float *scales; /* [rows] */
} RnncMatrix;

typedef struct _RnncLayer RnncLayer;

/* Sizes in bytes, counts in frames. State and work are 64-byte aligned. */
typedef struct {
  gboolean (
      *load) (RnncLayer *layer, const RnncTensorSource *source, GError **error);
  void (*clear) (RnncLayer *layer);
  /* Afterwards y = scale * y + shift, per channel; (nullable). */
  void (*fold) (RnncLayer *layer, const float *scale, const float *shift);

  /* Whole sequence; returns frames out. @out may be @in where in_place. Joins
   * run by functions of their own (layers/join.h). */
  gsize (*forward) (const RnncLayer *layer, const float *in, gsize n_frames,
      float *out, void *work);
  gsize (*work_size) (const RnncLayer *layer, gsize n_frames);
  gboolean in_place;
  gboolean rectifies; /* forward ends with a ReLU where the layer has one */

  /* Several sequences at once, which lie one after another in @in and @out, the
   * longest first, none empty; (nullable): where that is no faster. */
  void (*forward_batch) (const RnncLayer *layer, const float *in,
      const gsize *n_frames, gsize n_sequences, float *out, void *work);
  gsize (*batch_work_size) (const RnncLayer *layer, const gsize *n_frames,
      gsize n_sequences);

  /* Layers with a memory of time; the others stream by forward alone. */
  gsize (*state_size) (const RnncLayer *layer, gsize max_frames);
  void (*reset) (const RnncLayer *layer, void *state, gsize max_frames);
  gsize (*push) (const RnncLayer *layer, void *state, const float *in,
      gsize n_frames, float *out);
  gsize (*flush) (const RnncLayer *layer, void *state, float *out);
  /* Most frames out of one push of @max_frames or one flush. */
  gsize (*max_output) (const RnncLayer *layer, gsize max_frames);
  /* Several streams at once, see rnnc_layer_push_batch(); (nullable): one after
   * the other. */
  void (*push_batch) (const RnncLayer *layer, void *const *states,
      const float *in, const gsize *n_in, gsize n_streams, float *out,
      gsize *n_out, void *work);
  gsize (*push_batch_work_size) (const RnncLayer *layer, gsize max_frames,
      gsize n_streams);
  void (*reset_core) (const RnncLayer *layer, void *state);
  void (*replay_core) (const RnncLayer *layer, void *state);
} RnncLayerClass;

struct _RnncLayer {
  const RnncLayerClass *klass;
  const RnncLayerSpec *spec;
  gboolean identity; /* does nothing; is passed over */
  gboolean has_relu; /* that of a layer behind it, which does nothing then */
  gpointer weights;  /* of the class */
};

/**
 * rnnc_layers_new:
 * @specs: (element-type RnncLayerSpec): must outlive the layers
 * @n_layers: (out)
 *
 * Loads and packs all weights, and folds batch norms into the convolution or
 * dense layer before them, and ReLUs into the convolution inside a frame, where
 * nothing else reads its output.
 *
 * Returns: (transfer full) (array length=n_layers): a layer a spec, or %NULL
 *   with @error set
 */
RnncLayer **rnnc_layers_new (GPtrArray *specs, const RnncTensorSource *source,
    guint *n_layers, GError **error);
void rnnc_layers_free (RnncLayer **layers, guint n_layers);

/* Floats in one frame. */
static inline gsize
rnnc_layer_inputs (const RnncLayer *layer)
{
  return rnnc_shape_size (&layer->spec->input);
}

static inline gsize
rnnc_layer_outputs (const RnncLayer *layer)
{
  return rnnc_shape_size (&layer->spec->output);
}

/* Whole sequence. */
gsize rnnc_layer_work_size (const RnncLayer *layer, gsize n_frames);
gsize rnnc_layer_forward (const RnncLayer *layer, const float *in,
    gsize n_frames, float *out, void *work);

/* The same for several sequences, which lie one after another in @in and @out,
 * the longest first, none empty; each has the bits that it has alone. Not for
 * joins. */
gsize rnnc_layer_batch_work_size (const RnncLayer *layer, const gsize *n_frames,
    gsize n_sequences);
void rnnc_layer_forward_batch (const RnncLayer *layer, const float *in,
    const gsize *n_frames, gsize n_sequences, float *out, void *work);

/* Streaming: pushes of at most @max_frames. Nothing here allocates. */
gsize rnnc_layer_state_size (const RnncLayer *layer, gsize max_frames);
gsize rnnc_layer_max_output (const RnncLayer *layer, gsize max_frames);
void rnnc_layer_reset (const RnncLayer *layer, void *state, gsize max_frames);
gsize rnnc_layer_push (const RnncLayer *layer, void *state, const float *in,
    gsize n_frames, float *out);
/* Yields what the right context held back; reset afterwards. */
gsize rnnc_layer_flush (const RnncLayer *layer, void *state, float *out);
/* rnnc_layer_push() of several streams, each with its own state, that read the
 * weights together: what stream i is given, @n_in[i] frames of at most
 * @max_frames, lies behind that of the streams before it, and so does what it
 * gives, @n_out[i] frames. Not for joins and two-way cores. The bits are those
 * of each alone. @out may be @in where in_place. */
gsize rnnc_layer_push_batch_work_size (const RnncLayer *layer, gsize max_frames,
    gsize n_streams);
void rnnc_layer_push_batch (const RnncLayer *layer, void *const *states,
    const float *in, const gsize *n_in, gsize n_streams, float *out,
    gsize *n_out, void *work);
void rnnc_layer_reset_core (const RnncLayer *layer, void *state);
/* Frames that a one-way core hears again. */
#define RNNC_REPLAY_FRAMES 16
/* The core as if it had begun with the last RNNC_REPLAY_FRAMES it was given.
 * Two-way cores: as rnnc_layer_reset_core(). Allocates nothing. */
void rnnc_layer_replay_core (const RnncLayer *layer, void *state);

/* One-way recurrent layers, a step of @m independent sequences at once; what a
 * sequence remembers is a block of floats: @states [m], of each the address.
 * @in: [m, in], @out: [m, out]; @work: aligned, of the size in bytes. */
gsize rnnc_recurrent_sequence_floats (const RnncLayer *layer);
gsize rnnc_recurrent_rows_work (const RnncLayer *layer, gsize m);
void rnnc_recurrent_step_rows (const RnncLayer *layer, const float *in, gsize m,
    float *const *states, float *out, void *work);

/* Of each type. */
extern const RnncLayerClass rnnc_conv1d_class;
extern const RnncLayerClass rnnc_conv2d_class;
extern const RnncLayerClass rnnc_pool1d_class;
extern const RnncLayerClass rnnc_pool2d_class;
extern const RnncLayerClass rnnc_dense_class;
extern const RnncLayerClass rnnc_embedding_class;
extern const RnncLayerClass rnnc_batch_norm_class;
extern const RnncLayerClass rnnc_layer_norm_class;
extern const RnncLayerClass rnnc_activation_class;
extern const RnncLayerClass rnnc_magnitude_class;
extern const RnncLayerClass rnnc_dropout_class;
extern const RnncLayerClass rnnc_flatten_class;
extern const RnncLayerClass rnnc_unflatten_class;
extern const RnncLayerClass rnnc_join_class;
extern const RnncLayerClass rnnc_recurrent_class;
extern const RnncLayerClass rnnc_mean_over_time_class;
extern const RnncLayerClass rnnc_last_step_class;

/* --- for the layers' own files -------------------------------------------- */

/* Reads what the file calls "NAME.suffix"; @shape as in
 * rnnc_layer_spec_tensors(). */
float *rnnc_layer_read (const RnncLayer *layer, const RnncTensorSource *source,
    const char *suffix, const gsize *shape, guint rank, GError **error);

/* The same, as bytes where the file holds those; (out) @matrix. */
gboolean rnnc_layer_read_matrix (const RnncLayer *layer,
    const RnncTensorSource *source, const char *suffix, const gsize *shape,
    guint rank, RnncMatrix *matrix, GError **error);
void rnnc_matrix_clear (RnncMatrix *matrix);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RnncMatrix, rnnc_matrix_clear)

/* The maximum; NaN where @a or @b is NaN, as in PyTorch. */
static inline float
rnnc_larger (float a, float b)
{
  return a > b || a != a ? a : b;
}

static inline gsize
rnnc_align (gsize n_bytes)
{
  return (n_bytes + 63) & ~(gsize) 63;
}

/* Takes @n_bytes, aligned, from the memory at *@at; %NULL there measures. */
static inline void *
rnnc_take (void **at, gsize n_bytes)
{
  void *taken = *at;

  *at = (void *) ((guintptr) taken + rnnc_align (n_bytes));
  return taken;
}

G_END_DECLS
