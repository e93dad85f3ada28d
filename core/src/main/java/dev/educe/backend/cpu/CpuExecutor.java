package dev.educe.backend.cpu;

import dev.educe.backend.Batch;
import dev.educe.backend.Executor;
import dev.educe.backend.ProductObserver;
import dev.educe.cache.PagePool;
import dev.educe.format.Checkpoint;
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
import java.util.stream.IntStream;

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

  /// A branch of a residual step: a norm, the op it feeds, what that gives (F32 `[rows,
  /// hiddenStride]`), and a norm over it.
  record Branch(
      Optional<Norm> before, Activations x, Stage stage, MemorySegment y, Optional<Norm> after) {}

  /// A norm's weight and epsilon.
  record Norm(MemorySegment weight, float epsilon) {}

  /// A residual step.
  record Step(float scale, List<Branch> branches) {}

  private final Region weights;
  private final Region region; // for all else
  private final Crew crew;
  private final PagePool pages;
  private final CpuProgram program;
  private final int batchTokensMax;
  private final int batchLogitsMax;
  private final Workers.Task embed = this::embed;
  private final Workers.Task enter = this::enter;
  private final Workers.Task leave = this::leave;
  private final int[] allTokens; // [batchTokensMax]: each row is its own token
  private final int[] outputTokens; // [batchTokensMax]
  private Batch batch;
  private int[] tokens; // which token of the batch each row is
  private int rows;
  private Step pending; // whose outputs are not added to the hidden state yet
  private Branch entering;

  private CpuExecutor(
      Region weights, Region region, Crew crew, CpuProgram program, Options options) {
    this.weights = weights;
    this.region = region;
    this.crew = crew;
    this.program = program;
    this.pages = new PagePool(options.pages, options.pageTokens);
    this.batchTokensMax = options.batchTokensMax;
    this.batchLogitsMax = options.batchLogitsMax;
    this.allTokens = IntStream.range(0, batchTokensMax).toArray();
    this.outputTokens = new int[batchTokensMax];
  }

  /// Loads the weights and allocates everything; nobody watches.
  ///
  /// @throws IOException if the file cannot be read
  /// @throws dev.educe.platform.MemoryBudgetException if it does not fit the budget
  public static CpuExecutor load(
      Checkpoint file,
      Weights weights,
      Kernels kernels,
      Workers workers,
      MemoryBudget budget,
      Options options,
      DoubleConsumer progress)
      throws IOException {
    return load(file, weights, kernels, workers, budget, options, progress, ProductObserver.NONE);
  }

  /// Loads the weights and allocates everything.
  ///
  /// @param workers borrowed; compute while this executor runs a batch
  /// @param observer sees what the weights are multiplied with
  /// @throws IOException if the file cannot be read
  /// @throws dev.educe.platform.MemoryBudgetException if it does not fit the budget
  public static CpuExecutor load(
      Checkpoint file,
      Weights weights,
      Kernels kernels,
      Workers workers,
      MemoryBudget budget,
      Options options,
      DoubleConsumer progress,
      ProductObserver observer)
      throws IOException {
    checkPlan(file, weights, budget, options);
    String owner = "model " + file.path().getFileName();
    var weightRegion = Region.openHuge(owner, budget);
    var region = Region.open(owner, budget);
    var crew = new Crew(kernels, workers, observer);
    try (var loader =
        new WeightLoader(file, weights, weightRegion, crew, options.dequantize, progress)) {
      var program = new CpuProgramBuilder(crew, region, loader, weights, options).build();
      weightRegion.gather();
      return new CpuExecutor(weightRegion, region, crew, program, options);
    } catch (IOException | RuntimeException | Error failed) {
      region.close();
      weightRegion.close();
      throw failed;
    }
  }

  /// Refuses a model that cannot fit before anything is allocated. Scratch is small beside the
  /// rest.
  private static void checkPlan(
      Checkpoint file, Weights weights, MemoryBudget budget, Options options) {
    long weightBytes =
        options.dequantize
            ? Math.multiplyExact(weights.parameters(), (long) Float.BYTES)
            : weights.bytes();
    long cacheTokens = (long) options.pages * options.pageTokens;
    long cacheBytes = CpuProgramBuilder.cacheBytes(weights.decoder(), options);
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
    tokens = allTokens;
    rows = batch.tokens();
    crew.workers().run(rows, embed);
    List<Step> steps = program.steps();
    for (int i = 0; i < steps.size(); i++) {
      if (i == program.stateSteps()) {
        narrow();
      }
      run(steps.get(i));
    }
    if (program.stateSteps() == steps.size()) {
      narrow();
    }
    crew.workers().run(rows, leave);
    if (batch.logits() > 0) {
      program.output().run(program.outputX(), batch.logits());
    }
    this.batch = null;
  }

  private void run(Step step) {
    if (rows == 0) {
      return;
    }
    for (Branch branch : step.branches()) {
      entering = branch;
      crew.workers().run(rows, enter);
      pending = null;
      branch.stage().run(batch, tokens, rows, branch.x());
    }
    pending = step;
  }

  /// From here on, only the tokens whose logits or states are wanted matter: no op that follows
  /// keeps state.
  private void narrow() {
    if (batch.outputs() == rows) {
      return;
    }
    long bytes = program.hiddenStride() * Float.BYTES;
    for (int row = 0; row < batch.outputs(); row++) {
      // Tokens ascend, so a row never overwrites one that is still to be moved.
      int token = batch.outputToken(row);
      outputTokens[row] = token;
      MemorySegment.copy(program.hidden(), token * bytes, program.hidden(), row * bytes, bytes);
      for (Branch branch : pending.branches()) {
        MemorySegment.copy(branch.y(), token * bytes, branch.y(), row * bytes, bytes);
      }
    }
    tokens = outputTokens;
    rows = batch.outputs();
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

  private void enter(int row, int worker) {
    addPending(row);
    normalize(entering.before(), row, entering.x(), row, entering.stage().quantized());
  }

  /// The way out of the layers: to where logits come from, or in its place as a state.
  private void leave(int row, int worker) {
    addPending(row);
    Norm norm = program.outputNorm();
    int logitsRow = batch.outputRow(row);
    if (logitsRow < 0) {
      MemorySegment hidden = program.hidden();
      long at = row * program.hiddenStride();
      crew.kernels()
          .rows()
          .rmsNorm(hidden, at, norm.weight(), norm.epsilon(), hidden, at, program.hiddenSize());
    } else {
      boolean quantized = program.output().quantized();
      normalize(Optional.of(norm), row, program.outputX(), logitsRow, quantized);
    }
  }

  private void normalize(Optional<Norm> norm, int row, Activations x, int xRow, boolean quantized) {
    MemorySegment hidden = program.hidden();
    long from = (long) row * program.hiddenStride();
    long to = (long) xRow * x.paddedSize();
    int size = program.hiddenSize();
    if (norm.isPresent()) {
      crew.kernels()
          .rows()
          .rmsNorm(hidden, from, norm.get().weight(), norm.get().epsilon(), x.floats(), to, size);
    } else {
      MemorySegment.copy(hidden, from * 4, x.floats(), to * 4, size * 4L);
    }
    if (quantized && crew.kernels().matrix().quantize(x, xRow, xRow + 1) >= 0) {
      batch.fail(tokens[row], "the hidden state holds a number that is not finite");
    }
  }

  private void addPending(int row) {
    if (pending == null) {
      return;
    }
    RowKernels kernels = crew.kernels().rows();
    MemorySegment hidden = program.hidden();
    long at = row * program.hiddenStride();
    for (Branch branch : pending.branches()) {
      if (branch.after().isPresent()) {
        Norm after = branch.after().get();
        kernels.rmsNorm(
            branch.y(), at, after.weight(), after.epsilon(), branch.y(), at, program.hiddenSize());
      }
      if (pending.scale() == 1) {
        kernels.add(branch.y(), at, hidden, at, program.hiddenSize());
      } else {
        kernels.addScaled(pending.scale(), branch.y(), at, hidden, at, program.hiddenSize());
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
  public MemorySegment states() {
    return program.hidden();
  }

  @Override
  public long statesStride() {
    return program.hiddenStride();
  }

  @Override
  public int stateSize() {
    return program.hiddenSize();
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

  @Override
  public long pageBytes() {
    return program.kv().stream().mapToLong(kv -> 2 * partBytes(kv)).sum();
  }

  private static long partBytes(KvPages kv) {
    return kv.kvHeads() * kv.headBytes();
  }

  @Override
  public void copyOut(int page, MemorySegment target) {
    long at = 0;
    for (KvPages kv : program.kv()) {
      long bytes = partBytes(kv);
      MemorySegment.copy(kv.keys(), page * bytes, target, at, bytes);
      MemorySegment.copy(kv.values(), page * bytes, target, at + bytes, bytes);
      at += 2 * bytes;
    }
  }

  @Override
  public void copyIn(int page, MemorySegment source) {
    long at = 0;
    for (KvPages kv : program.kv()) {
      long bytes = partBytes(kv);
      MemorySegment.copy(source, at, kv.keys(), page * bytes, bytes);
      MemorySegment.copy(source, at + bytes, kv.values(), page * bytes, bytes);
      at += 2 * bytes;
    }
  }

  /// The keys and values of each attention, in order.
  List<KvPages> kv() {
    return program.kv();
  }

  /// Bytes of weights, cache and scratch.
  public long bytes() {
    return weights.bytes() + region.bytes();
  }

  @Override
  public void close() {
    region.close();
    weights.close();
  }
}
