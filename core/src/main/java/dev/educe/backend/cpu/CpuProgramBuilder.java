package dev.educe.backend.cpu;

import dev.educe.kernels.Activations;
import dev.educe.kernels.AttentionKernels;
import dev.educe.kernels.KvPages;
import dev.educe.kernels.Panels;
import dev.educe.model.Attention;
import dev.educe.model.Branch;
import dev.educe.model.Decoder;
import dev.educe.model.Experts;
import dev.educe.model.GatedMlp;
import dev.educe.model.Layer;
import dev.educe.model.Norm;
import dev.educe.model.Op;
import dev.educe.model.Residual;
import dev.educe.model.Rope;
import dev.educe.model.Weight;
import dev.educe.model.Weights;
import dev.educe.platform.Region;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Turns a description into a program: loads weights, allocates scratch, and shares what layers
/// share.
final class CpuProgramBuilder {
  private final Crew crew;
  private final Region region;
  private final WeightLoader loader;
  private final Weights weights;
  private final Decoder decoder;
  private final CpuExecutor.Options options;

  // Scratch and tables by shape: layers run one after another, so they share theirs.
  private final Map<Integer, Activations> inputs = new HashMap<>(); // by branch
  private final Map<Integer, MemorySegment> outputs = new HashMap<>(); // by branch
  private final Map<List<Integer>, AttentionScratch> attentionScratch = new HashMap<>();
  private final Map<Integer, MlpScratch> mlpScratch = new HashMap<>();
  private final Map<Rope, RopeTables> ropes = new HashMap<>();
  private final List<KvPages> kv = new ArrayList<>();
  private ExpertsStage.Scratch expertsScratch;

  CpuProgramBuilder(
      Crew crew, Region region, WeightLoader loader, Weights weights, CpuExecutor.Options options) {
    this.crew = crew;
    this.region = region;
    this.loader = loader;
    this.weights = weights;
    this.decoder = weights.decoder();
    this.options = options;
  }

  CpuProgram build() throws IOException {
    Panels embedding = loader.matrix(weights.get(decoder.embedding().weight()));
    var steps = new ArrayList<CpuExecutor.Step>();
    for (Layer layer : decoder.layers()) {
      for (Residual residual : layer.steps()) {
        steps.add(step(residual));
      }
    }
    var outputNorm = norm(decoder.output().norm());
    Weight outputWeight = weights.output();
    Panels output = loader.matrix(outputWeight);
    long logitsStride = output.panels() * 16L;
    MemorySegment logits = region.allocate(options.batchLogitsMax() * logitsStride * Float.BYTES);
    var outputX = new Activations(region, options.batchLogitsMax(), decoder.hiddenSize());
    var product =
        new Products(
            crew,
            List.of(
                new Products.Product(outputWeight.spec().name(), output, logits, logitsStride)));
    long hiddenStride = hiddenStride();
    return new CpuProgram(
        embedding,
        decoder.embedding().scale(),
        region.allocate(options.batchTokensMax() * hiddenStride * Float.BYTES),
        hiddenStride,
        List.copyOf(steps),
        stateSteps(),
        outputNorm,
        outputX,
        product,
        logits,
        logitsStride,
        List.copyOf(ropes.values()),
        List.copyOf(kv));
  }

  /// How many steps there are up to the last one that keeps state.
  private int stateSteps() {
    int count = 0;
    int stateSteps = 0;
    for (Layer layer : decoder.layers()) {
      for (Residual residual : layer.steps()) {
        count++;
        if (residual.branches().stream().anyMatch(b -> b.op().kvElementsPerToken() > 0)) {
          stateSteps = count;
        }
      }
    }
    return stateSteps;
  }

  private long hiddenStride() {
    return Math.ceilDiv(decoder.hiddenSize(), 16) * 16L;
  }

  private CpuExecutor.Step step(Residual residual) throws IOException {
    var branches = new ArrayList<CpuExecutor.Branch>();
    for (Branch branch : residual.branches()) {
      int index = branches.size();
      Activations x =
          inputs.computeIfAbsent(
              index, _ -> new Activations(region, options.batchTokensMax(), decoder.hiddenSize()));
      MemorySegment y =
          outputs.computeIfAbsent(
              index, _ -> region.allocate(options.batchTokensMax() * hiddenStride() * Float.BYTES));
      branches.add(
          new CpuExecutor.Branch(
              norm(branch.before()), x, stage(branch.op(), y), y, norm(branch.after())));
    }
    return new CpuExecutor.Step(residual.scale(), List.copyOf(branches));
  }

  private Optional<CpuExecutor.Norm> norm(Optional<Norm> norm) throws IOException {
    return norm.isPresent() ? Optional.of(norm(norm.get())) : Optional.empty();
  }

  private CpuExecutor.Norm norm(Norm norm) throws IOException {
    return new CpuExecutor.Norm(loader.vector(norm.weight()), norm.epsilon());
  }

  private Stage stage(Op op, MemorySegment y) throws IOException {
    return switch (op) {
      case Attention attention -> attention(attention, y);
      case GatedMlp mlp -> mlp(mlp, y);
      case Experts experts -> experts(experts, y);
    };
  }

  private Stage attention(Attention attention, MemorySegment y) throws IOException {
    var bound =
        new AttentionStage.Weights(
            loader.linear(attention.query()),
            loader.linear(attention.key()),
            loader.linear(attention.value()),
            loader.linear(attention.output()),
            headNorm(attention.queryNorm()),
            headNorm(attention.keyNorm()));
    int heads = attention.heads();
    int kvHeads = attention.kvHeads();
    int headSize = attention.headSize();
    int spans = Math.ceilDiv(options.contextLength(), AttentionKernels.SPAN);
    var scratch =
        attentionScratch.computeIfAbsent(
            List.of(heads, kvHeads, headSize),
            _ ->
                AttentionScratch.of(
                    region, options.batchTokensMax(), heads, kvHeads, headSize, spans));
    return new AttentionStage(
        crew, attention, bound, rope(attention.rope()), pages(attention), scratch, y);
  }

  private Optional<MemorySegment> headNorm(Optional<Norm> norm) throws IOException {
    return norm.isEmpty() ? Optional.empty() : Optional.of(loader.vector(norm.get().weight()));
  }

  private KvPages pages(Attention attention) {
    long bytes = partBytes(attention, options);
    var pages =
        new KvPages(
            options.kv(),
            options.pageTokens(),
            attention.kvHeads(),
            attention.headSize(),
            region.allocate(bytes),
            region.allocate(bytes));
    kv.add(pages);
    return pages;
  }

  /// Bytes of keys and values together, over all layers.
  static long cacheBytes(Decoder decoder, CpuExecutor.Options options) {
    return decoder.layers().stream()
        .flatMap(layer -> layer.steps().stream())
        .flatMap(step -> step.branches().stream())
        .mapToLong(branch -> branch.op() instanceof Attention a ? 2 * partBytes(a, options) : 0)
        .reduce(0, Math::addExact);
  }

  /// Bytes of an attention's keys, or of its values.
  private static long partBytes(Attention attention, CpuExecutor.Options options) {
    long tokens = (long) options.pages() * options.pageTokens();
    long tokenBytes = attention.kvHeads() * options.kv().bytes(attention.headSize());
    return Math.multiplyExact(tokens, tokenBytes);
  }

  private Optional<RopeTables> rope(Optional<Rope> rope) throws IOException {
    if (rope.isEmpty()) {
      return Optional.empty();
    }
    RopeTables tables = ropes.get(rope.get());
    if (tables == null) {
      tables = tables(rope.get());
      ropes.put(rope.get(), tables);
    }
    return Optional.of(tables);
  }

  private RopeTables tables(Rope rope) throws IOException {
    var factors =
        rope.factors().isPresent()
            ? loader.findVector(rope.factors().get())
            : Optional.<MemorySegment>empty();
    double[] frequencies =
        factors.isPresent()
            ? rope.frequencies(
                factors.get().asSlice(0, rope.dimensions() * 2L).toArray(ValueLayout.JAVA_FLOAT))
            : rope.frequencies();
    return new RopeTables(region, frequencies, rope.magnitude(), options.contextLength());
  }

  private Stage mlp(GatedMlp mlp, MemorySegment y) throws IOException {
    var network =
        new GatedNetwork(
            crew,
            loader.linear(mlp.gate()),
            loader.linear(mlp.up()),
            loader.linear(mlp.down()),
            mlpScratch(mlp.intermediateSize()),
            y,
            0,
            1);
    return new GatedMlpStage(network);
  }

  private MlpScratch mlpScratch(int intermediateSize) {
    return mlpScratch.computeIfAbsent(
        intermediateSize, _ -> MlpScratch.of(region, options.batchTokensMax(), intermediateSize));
  }

  private Stage experts(Experts experts, MemorySegment y) throws IOException {
    Panels[] gates = loader.experts(experts.gate());
    Panels[] ups = loader.experts(experts.up());
    Panels[] downs = loader.experts(experts.down());
    var scratch = expertsScratch(experts);
    var networks = new GatedNetwork[experts.count()];
    for (int expert = 0; expert < networks.length; expert++) {
      networks[expert] =
          new GatedNetwork(
              crew,
              new Linear(experts.gate().name(), gates[expert], Optional.empty()),
              new Linear(experts.up().name(), ups[expert], Optional.empty()),
              new Linear(experts.down().name(), downs[expert], Optional.empty()),
              mlpScratch(experts.intermediateSize()),
              scratch.output(),
              expert,
              networks.length);
    }
    Panels router = loader.router(experts.router());
    return new ExpertsStage(crew, experts, router, networks, scratch, y, hiddenStride());
  }

  private ExpertsStage.Scratch expertsScratch(Experts experts) {
    if (expertsScratch == null) {
      int tokens = options.batchTokensMax();
      long logitsStride = Math.ceilDiv(experts.count(), 16) * 16L;
      expertsScratch =
          new ExpertsStage.Scratch(
              region.allocate(tokens * logitsStride * Float.BYTES),
              logitsStride,
              new Activations(region, tokens, decoder.hiddenSize()),
              region.allocate(tokens * hiddenStride() * Float.BYTES));
    }
    return expertsScratch;
  }
}
