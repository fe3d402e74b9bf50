/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/model-seeds.h"

#define VECTOR "{'type':'none','features':4}"
#define IMAGE                                                                  \
  "{'type':'video','width':6,'height':5,'rate':[15,1],'colour':true,"          \
  "'difference':true,'mean':[0,0,0,0,0,0],'deviation':[1,1,1,1,1,1]}"
#define SPEECH                                                                 \
  "{'type':'log-mel','rate':16000,'window':400,'hop':160,'mels':4,"            \
  "'fft':512,'fmin':20,'fmax':8000,'floor':1e-6,'mean':[0,0,0,0],"             \
  "'deviation':[1,1,1,1]}"
#define WAVE                                                                   \
  "{'type':'waveform','rate':16000,'window':12,'hop':8,'context':4,"           \
  "'pad-reflect':[3,5]}"

const ModelSeed model_seeds[] = {
  { "speech", SPEECH,
      "[{'type':'conv1d','name':'c','channels':3,'kernel':3,'stride':2,"
      "'right':1},{'type':'batch-norm','name':'n'},{'type':'relu'},"
      "{'type':'lstm','name':'r','hidden':2,'bidirectional':true,'chunk':4,"
      "'look-ahead':2},{'type':'dense','name':'d','units':3},"
      "{'type':'log-softmax'}]" },
  { "convolutions", VECTOR,
      "[{'type':'conv1d','name':'a','channels':6,'kernel':3,'dilation':2,"
      "'left':1,'right':3,'groups':2},{'type':'conv1d','channels':6,"
      "'kernel':2,'groups':6,'left':1,'bias':false},{'type':'batch-norm',"
      "'epsilon':0.001},{'type':'leaky-relu','slope':0.2}]" },
  { "images", IMAGE,
      "[{'type':'conv2d','channels':6,'kernel':[2,3],'stride':[1,2],"
      "'padding':[0,1],'dilation':[2,1],'groups':3},{'type':'max-pool2d',"
      "'kernel':2,'stride':1,'padding':1},{'type':'average-pool2d',"
      "'kernel':[2,1],'count-padding':false},{'type':'layer-norm'},"
      "{'type':'flatten'},{'type':'gru','hidden':3,'layers':2},"
      "{'type':'mean-over-time'},{'type':'softmax'}]" },
  { "frames", WAVE,
      "[{'type':'frame-conv1d','name':'s','channels':6,'kernel':4,"
      "'stride':2,'padding':[1,2],'groups':1},{'type':'magnitude'},"
      "{'type':'frame-conv1d','channels':3,'kernel':3,'dilation':2,"
      "'padding':1,'groups':3},{'type':'sigmoid'},{'type':'flatten'},"
      "{'type':'last-step'},{'type':'dense','units':2}]" },
  { "pooling", VECTOR,
      "[{'type':'max-pool1d','kernel':3,'stride':2,'left':1},"
      "{'type':'average-pool1d','kernel':4,'stride':1,'left':2,'right':1},"
      "{'type':'unflatten','height':2,'width':1,'channels':2},"
      "{'type':'max-pool1d','kernel':2}]" },
  { "embedding", "{'type':'none','features':2}",
      "[{'type':'embedding','name':'e','entries':5,'units':3},"
      "{'type':'layer-norm','affine':true,'bias':false,'epsilon':0.01},"
      "{'type':'lstm','name':'r','hidden':4,'projection':2,'layers':2,"
      "'tensors':{'weight_ih_l0':'other'}},{'type':'gelu'}]" },
  { "joins", VECTOR,
      "[{'type':'conv1d','name':'a','channels':4,'kernel':5,'left':1,"
      "'right':3},{'type':'add','name':'b','inputs':['a','frontend']},"
      "{'type':'gru','name':'c','input':'b','hidden':4,"
      "'bidirectional':true,'chunk':3,'look-ahead':1},"
      "{'type':'rnn','name':'d','input':'b','hidden':4,"
      "'nonlinearity':'relu'},{'type':'multiply','name':'e',"
      "'inputs':['a','b','d']},{'type':'dropout','rate':0.5},"
      "{'type':'concatenate','inputs':['c','layer5','e']},"
      "{'type':'tanh'}]" },
};
const guint n_model_seeds = G_N_ELEMENTS (model_seeds);

FuzzTime
fuzz_time_start (guint n_turns)
{
  const char *seconds = g_getenv ("RNNC_FUZZ_SECONDS");

  return (FuzzTime){ seconds == NULL ? 0
                                     : g_get_monotonic_time ()
            + g_ascii_strtoll (seconds, NULL, 10) * G_USEC_PER_SEC,
    n_turns, 0 };
}

gboolean
fuzz_time_go_on (FuzzTime *time)
{
  time->n_done++;
  return time->end != 0 ? g_get_monotonic_time () < time->end
                        : time->n_done <= time->n_turns;
}
