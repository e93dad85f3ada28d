/// Runs trained models on the JVM: formats, tokenizers, kernels, architectures and the public API.
module dev.educe {
  requires static jdk.incubator.vector;
  requires jdk.jfr;
  requires jdk.management;
  requires tools.jackson.databind;

  exports dev.educe;
  exports dev.educe.backend;
  exports dev.educe.cache;
  exports dev.educe.engine;
  exports dev.educe.format;
  exports dev.educe.grammar;
  exports dev.educe.huggingface;
  exports dev.educe.kernels;
  exports dev.educe.model;
  exports dev.educe.optimize;
  exports dev.educe.optimize.evaluate;
  exports dev.educe.optimize.prune;
  exports dev.educe.optimize.quantize;
  exports dev.educe.optimize.train;
  exports dev.educe.platform;
  exports dev.educe.sampling;
  exports dev.educe.template;
  exports dev.educe.template.reply;
  exports dev.educe.tensor;
  exports dev.educe.tokenizer;

  uses dev.educe.model.Architecture;
}
