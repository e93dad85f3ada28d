package dev.educe.backend.cpu;

import dev.educe.backend.Batch;
import dev.educe.backend.Executor;
import dev.educe.cache.PagePool;
import dev.educe.format.Gguf;
import dev.educe.kernels.Activations;
import dev.educe.kernels.Kernels;
import dev.educe.kernels.KvPages;
import dev.educe.kernels.KvType;
import dev.educe.kernels.PanelPacker;
import dev.educe.kernels.RowKernels;
import dev.educe.model.Weights;
import dev.educe.platform.MemoryBudget;
import dev.educe.platform.Region;
import dev.educe.platform.Workers;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.DoubleConsumer;

/// Runs a decoder's description with CPU kernels.
///
/// The hidden state of each token is a row of floats. A residual step normalizes it into the input
/// of its op; what the op gave is added at the beginning of the next step, in the same pass over
/// the row.
public final class CpuExecutor implements Executor {
  /// How an executor is made.
  ///
  /// @param kv how keys and values are stored
  /// @param pages how many pages of the cache there are
  /// @param pageTokens tokens of a page: 16, 32 or 64
  /// @param contextLength positions a sequence may have
  /// @param batchTokensMax tokens of a batch
  /// @param batchLogitsMax rows of logits of a batch
  /// @param dequantize whether quantized weights become F32
  public record Options(
      KvType kv,
      int pages,
      int pageTokens,
      int contextLength,
      int batchTokensMax,
      int batchLogitsMax,
      boolean dequantize) {}

  /// A branch of a residual step: a norm, and the op it feeds.
  record Branch(Optional<Norm> before, Activations x, Stage stage, MemorySegment y, long yStride) {}

  /// A norm's weight and epsilon.
  record Norm(MemorySegment weight, float epsilon) {}

  /// A residual step.
  record Step(float scale, List<Branch> branches) {}

  private final Region region;
  private final Crew crew;
  private final PagePool pages;
  private final CpuProgram program;
  private final int batchTokensMax;
  private final int batchLogitsMax;
  private final Workers.Task embed = this::embed;
  private final Workers.Task enter = this::enter;
  private final Workers.Task leave = this::leave;
  private Batch batch;
  private Step pending; // whose outputs are not added to the hidden state yet
  private Branch entering;
  private boolean closed;

  private CpuExecutor(Region region, Crew crew, CpuProgram program, Options options) {
    this.region = region;
    this.crew = crew;
    this.program = program;
    this.pages = new PagePool(options.pages, options.pageTokens);
    this.batchTokensMax = options.batchTokensMax;
    this.batchLogitsMax = options.batchLogitsMax;
  }

  /// Loads the weights and allocates everything.
  ///
  /// @param workers borrowed; compute while this executor runs a batch
  /// @throws IOException if the file cannot be read
  /// @throws dev.educe.platform.MemoryBudgetException if it does not fit the budget
  public static CpuExecutor load(
      Gguf file,
      Weights weights,
      Kernels kernels,
      Workers workers,
      MemoryBudget budget,
      Options options,
      DoubleConsumer progress)
      throws IOException {
    checkPlan(file, weights, budget, options);
    var region = Region.open("model " + file.path().getFileName(), budget);
    try (var loader =
        new WeightLoader(file, weights, region, workers, options.dequantize, progress)) {
      var crew = new Crew(kernels, workers);
      var program = new CpuProgramBuilder(crew, region, loader, weights, options).build();
      return new CpuExecutor(region, crew, program, options);
    } catch (IOException | RuntimeException | Error failed) {
      region.close();
      throw failed;
    }
  }

  /// Refuses a model that cannot fit before anything is allocated. Scratch is small beside the
  /// rest.
  private static void checkPlan(Gguf file, Weights weights, MemoryBudget budget, Options options) {
    long weightBytes =
        options.dequantize
            ? Math.multiplyExact(weights.parameters(), (long) Float.BYTES)
            : weights.bytes();
    long cacheTokens = (long) options.pages * options.pageTokens;
    long tokenBytes = weights.decoder().kvElementsPerToken() * options.kv.bytes();
    long cacheBytes = Math.multiplyExact(cacheTokens, tokenBytes);
    budget.check(
        String.format(
            Locale.ROOT,
            "%s with %,d MB of weights and %,d MB for keys and values of %,d tokens",
            file.path().getFileName(),
            weightBytes >> 20,
            cacheBytes >> 20,
            cacheTokens),
        Math.addExact(weightBytes, cacheBytes));
  }

  @Override
  public void forward(Batch batch) {
    this.batch = batch;
    program.reach(batch);
    pending = null;
    crew.workers().run(batch.tokens(), embed);
    for (Step step : program.steps()) {
      for (Branch branch : step.branches()) {
        entering = branch;
        crew.workers().run(batch.tokens(), enter);
        if (branch == step.branches().getFirst()) {
          pending = null;
        }
        branch.stage().run(batch, branch.x());
      }
      pending = step;
    }
    if (batch.logits() > 0) {
      crew.workers().run(batch.logits(), leave);
      program.output().run(program.outputX(), batch.logits());
    }
    this.batch = null;
  }

  private void embed(int token, int worker) {
    long row = (long) token * program.hiddenStride();
    PanelPacker.unpackRow(program.embedding(), batch.id(token), program.hidden(), row);
    if (program.embeddingScale() != 1) {
      crew.kernels()
          .rows()
          .scale(program.embeddingScale(), program.hidden(), row, program.hiddenSize());
    }
  }

  private void enter(int token, int worker) {
    addPending(token);
    Activations x = entering.x();
    long to = (long) token * x.paddedSize();
    normalize(entering.before(), token, x, to);
    if (entering.stage().quantized()
        && crew.kernels().matrix().quantize(x, token, token + 1) >= 0) {
      batch.fail(token, "the hidden state holds a number that is not finite");
    }
  }

  /// The way out of the layers, only for the rows whose logits are wanted.
  private void leave(int row, int worker) {
    int token = batch.logitsToken(row);
    addPending(token);
    Activations x = program.outputX();
    normalize(Optional.of(program.outputNorm()), token, x, (long) row * x.paddedSize());
    if (program.output().quantized() && crew.kernels().matrix().quantize(x, row, row + 1) >= 0) {
      batch.fail(token, "the hidden state holds a number that is not finite");
    }
  }

  private void normalize(Optional<Norm> norm, int token, Activations x, long to) {
    MemorySegment hidden = program.hidden();
    long from = (long) token * program.hiddenStride();
    int size = program.hiddenSize();
    if (norm.isPresent()) {
      crew.kernels()
          .rows()
          .rmsNorm(hidden, from, norm.get().weight(), norm.get().epsilon(), x.floats(), to, size);
    } else {
      MemorySegment.copy(hidden, from * 4, x.floats(), to * 4, size * 4L);
    }
  }

  private void addPending(int token) {
    if (pending == null) {
      return;
    }
    RowKernels rows = crew.kernels().rows();
    long to = (long) token * program.hiddenStride();
    for (Branch branch : pending.branches()) {
      long from = token * branch.yStride();
      if (pending.scale() == 1) {
        rows.add(branch.y(), from, program.hidden(), to, program.hiddenSize());
      } else {
        rows.addScaled(
            pending.scale(), branch.y(), from, program.hidden(), to, program.hiddenSize());
      }
    }
  }

  @Override
  public MemorySegment logits() {
    return program.logits();
  }

  @Override
  public long logitsStride() {
    return program.logitsStride();
  }

  @Override
  public int batchTokensMax() {
    return batchTokensMax;
  }

  @Override
  public int batchLogitsMax() {
    return batchLogitsMax;
  }

  @Override
  public PagePool pages() {
    return pages;
  }

  /// The keys and values of each attention, in order.
  List<KvPages> kv() {
    return program.kv();
  }

  /// Bytes of weights, cache and scratch.
  public long bytes() {
    return region.bytes();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      region.close();
    }
  }
}
