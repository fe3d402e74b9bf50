/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "rnncore/base/json-reader.h"
#include "rnncore/layers/layer-spec.h"

typedef struct {
  const char *name;
  const char *layer;
  RnncShape input;
  RnncShape output;
  const char *tensors; /* "name[shape] …" */
  gsize macs;
  gsize frames_of_7;
} Fit;

static const Fit fits[] = {
  { "conv1d",
      "{\"type\":\"conv1d\",\"name\":\"c\",\"channels\":5,"
      "\"kernel\":4,\"stride\":3,\"right\":1}",
      { 1, 1, 1, 2 }, { 1, 1, 1, 5 }, "c.weight[5,2,4] c.bias[5]", 40, 3 },
  { "conv2d",
      "{\"type\":\"conv2d\",\"name\":\"c\",\"channels\":4,"
      "\"kernel\":[3,5],\"stride\":2,\"padding\":[1,0],"
      "\"bias\":false}",
      { 3, 7, 9, 2 }, { 3, 4, 3, 4 }, "c.weight[4,2,3,5]", 120 * 12, 7 },
  { "dense", "{\"type\":\"dense\",\"units\":3}", { 1, 1, 1, 2 }, { 1, 1, 1, 3 },
      "layer0.weight[3,2] layer0.bias[3]", 6, 7 },
  { "batch-norm", "{\"type\":\"batch-norm\",\"name\":\"n\"}", { 3, 2, 2, 4 },
      { 3, 2, 2, 4 },
      "n.weight[4] n.bias[4] n.running_mean[4] n.running_var[4]", 0, 7 },
  { "flatten", "{\"type\":\"flatten\"}", { 3, 2, 3, 4 }, { 1, 1, 1, 24 }, "", 0,
      7 },
  { "lstm",
      "{\"type\":\"lstm\",\"name\":\"r\",\"hidden\":2,"
      "\"bidirectional\":true,\"bias\":false}",
      { 1, 1, 1, 3 }, { 1, 1, 1, 4 },
      "r.weight_ih_l0[8,3] r.weight_hh_l0[8,2] "
      "r.weight_ih_l0_reverse[8,3] r.weight_hh_l0_reverse[8,2]",
      80, 7 },
  { "gru", "{\"type\":\"gru\",\"name\":\"r\",\"hidden\":2,\"layers\":2}",
      { 1, 1, 1, 3 }, { 1, 1, 1, 2 },
      "r.weight_ih_l0[6,3] r.weight_hh_l0[6,2] r.bias_ih_l0[6] "
      "r.bias_hh_l0[6] r.weight_ih_l1[6,2] r.weight_hh_l1[6,2] "
      "r.bias_ih_l1[6] r.bias_hh_l1[6]",
      54, 7 },
  { "conv1d-groups",
      "{\"type\":\"conv1d\",\"name\":\"c\",\"channels\":6,"
      "\"kernel\":3,\"groups\":2,\"dilation\":4,"
      "\"right\":3,\"left\":5}",
      { 1, 1, 1, 4 }, { 1, 1, 1, 6 }, "c.weight[6,2,3] c.bias[6]", 36, 7 },
  { "conv2d-groups",
      "{\"type\":\"conv2d\",\"channels\":4,\"kernel\":3,"
      "\"groups\":2,\"dilation\":[1,2]}",
      { 3, 7, 9, 2 }, { 3, 5, 5, 4 }, "layer0.weight[4,1,3,3] layer0.bias[4]",
      36 * 25, 7 },
  { "frame-conv1d",
      "{\"type\":\"frame-conv1d\",\"name\":\"c\","
      "\"channels\":3,\"kernel\":4,\"stride\":2,"
      "\"padding\":[0,1],\"bias\":false}",
      { 3, 1, 9, 2 }, { 3, 1, 4, 3 }, "c.weight[3,2,4]", 24 * 4, 7 },
  { "max-pool1d", "{\"type\":\"max-pool1d\",\"kernel\":3}", { 1, 1, 1, 2 },
      { 1, 1, 1, 2 }, "", 0, 3 },
  { "average-pool1d",
      "{\"type\":\"average-pool1d\",\"kernel\":3,"
      "\"stride\":2,\"left\":1}",
      { 3, 2, 2, 2 }, { 3, 2, 2, 2 }, "", 0, 4 },
  { "max-pool2d",
      "{\"type\":\"max-pool2d\",\"kernel\":[2,3],"
      "\"padding\":[0,1]}",
      { 3, 5, 7, 2 }, { 3, 2, 3, 2 }, "", 0, 7 },
  { "embedding",
      "{\"type\":\"embedding\",\"name\":\"e\",\"entries\":9,"
      "\"units\":4}",
      { 1, 1, 1, 2 }, { 1, 1, 1, 8 }, "e.weight[9,4]", 0, 7 },
  { "layer-norm", "{\"type\":\"layer-norm\",\"name\":\"n\"}", { 3, 2, 2, 4 },
      { 3, 2, 2, 4 }, "n.weight[4] n.bias[4]", 0, 7 },
  { "layer-norm-no-bias",
      "{\"type\":\"layer-norm\",\"name\":\"n\",\"bias\":false}", { 1, 1, 1, 4 },
      { 1, 1, 1, 4 }, "n.weight[4]", 0, 7 },
  { "leaky-relu", "{\"type\":\"leaky-relu\",\"slope\":0.2}", { 1, 1, 1, 4 },
      { 1, 1, 1, 4 }, "", 0, 7 },
  { "magnitude", "{\"type\":\"magnitude\"}", { 3, 1, 2, 6 }, { 3, 1, 2, 3 }, "",
      0, 7 },
  { "unflatten", "{\"type\":\"unflatten\",\"height\":2,\"channels\":3}",
      { 1, 1, 1, 6 }, { 3, 2, 1, 3 }, "", 0, 7 },
  { "lstm-projection",
      "{\"type\":\"lstm\",\"name\":\"r\",\"hidden\":3,"
      "\"projection\":2,\"bias\":false,\"layers\":2}",
      { 1, 1, 1, 5 }, { 1, 1, 1, 2 },
      "r.weight_ih_l0[12,5] r.weight_hh_l0[12,2] r.weight_hr_l0[2,3] "
      "r.weight_ih_l1[12,2] r.weight_hh_l1[12,2] r.weight_hr_l1[2,3]",
      60 + 24 + 6 + 24 + 24 + 6, 7 },
  { "tensor-names",
      "{\"type\":\"dense\",\"name\":\"d\",\"units\":3,"
      "\"tensors\":{\"weight\":\"other.kernel\"}}",
      { 1, 1, 1, 2 }, { 1, 1, 1, 3 }, "other.kernel[3,2] d.bias[3]", 6, 7 },
  { "add", "{\"type\":\"add\",\"inputs\":[\"frontend\",\"frontend\"]}",
      { 1, 1, 1, 2 }, { 1, 1, 1, 2 }, "", 0, 7 },
  { "concatenate",
      "{\"type\":\"concatenate\","
      "\"inputs\":[\"frontend\",\"frontend\"]}",
      { 3, 1, 3, 2 }, { 3, 1, 3, 4 }, "", 0, 7 },
  { "mean-over-time", "{\"type\":\"mean-over-time\"}", { 1, 1, 1, 3 },
      { 1, 1, 1, 3 }, "", 0, 1 },
};

static JsonObject *
wrap (const char *layer)
{
  g_autofree char *text = g_strdup_printf ("{\"layers\":[%s]}", layer);
  g_autoptr (GError) error = NULL;
  JsonObject *object = rnnc_json_parse (text, strlen (text), "test", &error);

  g_assert_no_error (error);
  return object;
}

static char *
describe_tensors (const RnncLayerSpec *spec)
{
  g_autoptr (GPtrArray) tensors = rnnc_layer_spec_tensors (spec);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < tensors->len; i++) {
    const RnncTensorSpec *tensor = g_ptr_array_index (tensors, i);

    g_string_append_printf (text, "%s%s[", i > 0 ? " " : "", tensor->name);
    for (guint axis = 0; axis < tensor->rank; axis++)
      g_string_append_printf (text, "%s%" G_GSIZE_FORMAT, axis > 0 ? "," : "",
          tensor->shape[axis]);
    g_string_append_c (text, ']');
  }
  return g_string_free (text, FALSE);
}

static void
test_fit (gconstpointer data)
{
  const Fit *fit = data;
  JsonObject *object = wrap (fit->layer);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) specs
      = rnnc_layer_specs_parse (json_object_get_array_member (object, "layers"),
          "layers", &fit->input, &error);
  g_autofree char *tensors = NULL;
  const RnncLayerSpec *spec;

  g_assert_no_error (error);
  spec = g_ptr_array_index (specs, 0);
  g_assert_cmpmem (&spec->output, sizeof spec->output, &fit->output,
      sizeof fit->output);
  tensors = describe_tensors (spec);
  g_assert_cmpstr (tensors, ==, fit->tensors);
  g_assert_cmpuint (rnnc_layer_spec_macs (spec), ==, fit->macs);
  g_assert_cmpuint (rnnc_layer_spec_output_frames (spec, 7), ==,
      fit->frames_of_7);
  g_assert_cmpuint (rnnc_layer_spec_output_frames (spec, 0), ==, 0);
  g_assert_nonnull (strstr (fit->layer, rnnc_layer_spec_type_name (spec)));
  json_object_unref (object);
}

static void
test_misfit (gconstpointer data)
{
  const char *const *pair = data;
  const RnncShape input = { 1, 1, 1, 2 };
  JsonObject *object = wrap (pair[0]);
  g_autoptr (GError) error = NULL;
  GPtrArray *specs
      = rnnc_layer_specs_parse (json_object_get_array_member (object, "layers"),
          "layers", &input, &error);

  g_assert_null (specs);
  g_assert_nonnull (error);
  g_assert_true (g_str_has_prefix (error->message, "layers["));
  if (strstr (error->message, pair[1]) == NULL)
    g_error ("\"%s\" does not say \"%s\"", error->message, pair[1]);
  json_object_unref (object);
}

static const char *const misfits[][3] = {
  { "{\"type\":\"conv1d\",\"kernel\":3}", "channels: missing", "no-channels" },
  { "{\"type\":\"conv1d\",\"channels\":2,\"kernel\":3,\"right\":3}",
      "not below", "right" },
  { "{\"type\":\"conv1d\",\"channels\":2,\"kernel\":3,\"right\":1,"
    "\"left\":2}",
      "is not \"kernel\"", "left-right" },
  { "{\"type\":\"conv1d\",\"channels\":2,\"kernel\":3,\"stride\":0}",
      "is not in", "stride" },
  { "{\"type\":\"lstm\"}", "hidden: missing", "no-hidden" },
  { "{\"type\":\"lstm\",\"hidden\":2,\"nonlinearity\":\"relu\"}", "unknown key",
      "lstm-relu" },
  { "{\"type\":\"rnn\",\"hidden\":2,\"nonlinearity\":\"step\"}", "neither",
      "rnn-step" },
  { "{\"type\":\"dropout\",\"rate\":1}", "is not in", "dropout" },
  { "{\"type\":\"last-step\"},{\"type\":\"mean-over-time\"}",
      "layers[1]: stands behind", "two-ends" },
  { "{\"type\":\"conv1d\",\"channels\":3,\"kernel\":3,\"groups\":2}",
      "\"groups\" divides not both", "groups-out" },
  { "{\"type\":\"conv1d\",\"channels\":4,\"kernel\":3,\"groups\":4}",
      "\"groups\" divides not both", "groups-in" },
  { "{\"type\":\"conv1d\",\"channels\":2,\"kernel\":3,\"dilation\":3,"
    "\"right\":7}",
      "(\"kernel\" - 1) * \"dilation\"", "dilated-right" },
  { "{\"type\":\"conv1d\",\"channels\":2,\"kernel\":3,\"dilation\":3,"
    "\"right\":2,\"left\":2}",
      "(\"kernel\" - 1) * \"dilation\"", "dilated-left" },
  { "{\"type\":\"conv1d\",\"channels\":2,\"kernel\":1024,"
    "\"dilation\":1024}",
      "reaches too far", "dilated-far" },
  { "{\"type\":\"unflatten\",\"width\":3}", "is not what comes in",
      "unflatten" },
  { "{\"type\":\"unflatten\",\"height\":2},{\"type\":\"frame-conv1d\","
    "\"channels\":1,\"kernel\":1}",
      "layers[1]: takes an image of height 1", "frame-conv1d-height" },
  { "{\"type\":\"unflatten\",\"width\":2},{\"type\":\"frame-conv1d\","
    "\"channels\":1,\"kernel\":2,\"dilation\":2}",
      "larger than the image", "frame-conv1d-kernel" },
  { "{\"type\":\"unflatten\",\"width\":2},{\"type\":\"frame-conv1d\","
    "\"channels\":1,\"kernel\":2,\"padding\":[0,2]}",
      "not below \"kernel\"", "frame-conv1d-padding" },
  { "{\"type\":\"frame-conv1d\",\"channels\":1,\"kernel\":1}", "takes an image",
      "frame-conv1d-vector" },
  { "{\"type\":\"max-pool1d\"}", "kernel: missing", "pool-no-kernel" },
  { "{\"type\":\"max-pool1d\",\"kernel\":3,\"left\":1,\"right\":2}",
      "is not \"kernel\"", "pool-sides" },
  { "{\"type\":\"max-pool1d\",\"kernel\":3,\"left\":3}", "is not in",
      "pool-left" },
  { "{\"type\":\"max-pool2d\",\"kernel\":2}", "takes an image",
      "pool2d-vector" },
  { "{\"type\":\"unflatten\",\"width\":2},{\"type\":\"max-pool2d\","
    "\"kernel\":2}",
      "larger than the image", "pool2d-kernel" },
  { "{\"type\":\"unflatten\",\"width\":2},{\"type\":\"max-pool2d\","
    "\"kernel\":[1,2],\"padding\":1}",
      "over half", "pool2d-padding" },
  { "{\"type\":\"unflatten\",\"width\":2},{\"type\":\"max-pool2d\","
    "\"kernel\":1,\"count-padding\":true}",
      "unknown key", "pool2d-count" },
  { "{\"type\":\"embedding\",\"units\":2}", "entries: missing", "embedding" },
  { "{\"type\":\"embedding\",\"units\":65536,\"entries\":16777216}",
      "weights are too large", "embedding-size" },
  { "{\"type\":\"layer-norm\",\"affine\":false,\"bias\":true}",
      "without \"affine\"", "layer-norm" },
  { "{\"type\":\"dense\",\"units\":3},{\"type\":\"magnitude\"}",
      "layers[1]: takes real parts", "magnitude" },
  { "{\"type\":\"lstm\",\"hidden\":2,\"projection\":2}", "not below \"hidden\"",
      "projection" },
  { "{\"type\":\"gru\",\"hidden\":2,\"projection\":1}", "unknown key",
      "gru-projection" },
  { "{\"type\":\"relu\",\"input\":\"nobody\"}",
      "no layer before it is named \"nobody\"", "input" },
  { "{\"type\":\"relu\",\"name\":\"a\",\"input\":\"a\"}",
      "no layer before it is named \"a\"", "input-itself" },
  { "{\"type\":\"add\"}", "inputs: missing", "no-inputs" },
  { "{\"type\":\"add\",\"input\":\"frontend\"}", "not \"input\"",
      "join-input" },
  { "{\"type\":\"add\",\"inputs\":[\"frontend\"]}", "names 1 layers",
      "one-input" },
  { "{\"type\":\"add\",\"inputs\":[\"frontend\",3]}", "not all strings",
      "input-number" },
  { "{\"type\":\"relu\",\"inputs\":[\"frontend\"]}", "unknown key",
      "inputs-of-relu" },
  { "{\"type\":\"dense\",\"name\":\"d\",\"units\":3},{\"type\":\"add\","
    "\"inputs\":[\"frontend\",\"d\"]}",
      "layers[1]: its inputs are not of one shape", "join-shapes" },
  { "{\"type\":\"unflatten\",\"name\":\"u\",\"channels\":2},"
    "{\"type\":\"concatenate\",\"inputs\":[\"frontend\",\"u\"]}",
      "layers[1]: its inputs are not of one shape", "join-ranks" },
  { "{\"type\":\"max-pool1d\",\"name\":\"p\",\"kernel\":2},"
    "{\"type\":\"add\",\"inputs\":[\"frontend\",\"p\"]}",
      "layers[1]: joins inputs of different strides, 1 and 2", "join-strides" },
  { "{\"type\":\"last-step\",\"name\":\"p\"},"
    "{\"type\":\"add\",\"inputs\":[\"frontend\",\"p\"]}",
      "layers[1]: joins an input that has ended time", "join-ended" },
  { "{\"type\":\"relu\"},{\"type\":\"tanh\",\"input\":\"frontend\"}",
      "layers[0]: no layer takes what it gives", "unused" },
  { "{\"type\":\"dense\",\"units\":1,\"tensors\":{\"kernel\":\"a\"}}",
      "tensors.kernel: the layer has no such tensor", "tensor-suffix" },
  { "{\"type\":\"dense\",\"units\":1,\"tensors\":{\"weight\":1}}",
      "tensors.weight", "tensor-number" },
  { "{\"type\":\"dense\",\"units\":1,\"tensors\":[]}", "tensors",
      "tensors-list" },
};

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (fits); i++) {
    g_autofree char *path
        = g_strconcat ("/layer-spec/fit/", fits[i].name, NULL);

    g_test_add_data_func (path, &fits[i], test_fit);
  }
  for (guint i = 0; i < G_N_ELEMENTS (misfits); i++) {
    g_autofree char *path
        = g_strconcat ("/layer-spec/misfit/", misfits[i][2], NULL);

    g_test_add_data_func (path, misfits[i], test_misfit);
  }
  return g_test_run ();
}
