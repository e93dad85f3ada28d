/// Runs trained models on the JVM: formats, tokenizers, kernels, architectures and the public API.
module dev.educe {
  requires jdk.incubator.vector;
  requires jdk.management;
  requires tools.jackson.databind;

  exports dev.educe;
  exports dev.educe.format;
  exports dev.educe.grammar;
  exports dev.educe.kernels;
  exports dev.educe.model;
  exports dev.educe.platform;
  exports dev.educe.sampling;
  exports dev.educe.tensor;
  exports dev.educe.tokenizer;

  uses dev.educe.model.Architecture;
}
