package dev.educe.backend.cpu;

import dev.educe.backend.Batch;
import dev.educe.kernels.Activations;
import dev.educe.kernels.AttentionKernels;
import dev.educe.kernels.KvPages;
import dev.educe.kernels.RowKernels;
import dev.educe.model.Attention;
import dev.educe.platform.Workers;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/// Grouped-query attention: project, turn, remember, attend, project back.
///
/// Attention itself runs in rounds, each over as many tokens as the partial results have room for.
/// Its unit of work is a tile of consecutive tokens of one sequence, one KV head and one span.
final class AttentionStage implements Stage {
  /// The loaded weights of an attention.
  record Weights(
      Linear query,
      Linear key,
      Linear value,
      Linear output,
      Optional<MemorySegment> queryNorm,
      Optional<MemorySegment> keyNorm) {}

  // Tokens whose queries read a block of keys together, and units for each thread at least.
  private static final int TILE_MAX = 24;
  private static final int UNITS_PER_THREAD = 4;

  private final Crew crew;
  private final Attention attention;
  private final Weights weights;
  private final Optional<RopeTables> rope;
  private final KvPages pages;
  private final AttentionScratch scratch;
  private final MemorySegment y;
  private final Products queryKeyValue;
  private final Products output;
  private final int group;
  private final int partialFloats;
  private final Workers.Task prepare = this::prepare;
  private final Workers.Task attend = this::attend;
  private final Workers.Task merge = this::merge;
  private final Workers.Task addBias = this::addBias;

  // The round under way: tiles of one or more tokens, all with room for the same number of spans.
  private final int[] tileStart; // [tilesMax + 1]: tokens of the batch
  private int tile; // tokens of a tile at most
  private int tiles;
  private int roundStart; // the first token of the round
  private int spans; // partial results of each head and token
  private Batch batch;

  /// @param y where the output goes: F32 `[tokens, weights.output().stride()]`
  AttentionStage(
      Crew crew,
      Attention attention,
      Weights weights,
      Optional<RopeTables> rope,
      KvPages pages,
      AttentionScratch scratch,
      MemorySegment y) {
    this.crew = crew;
    this.attention = attention;
    this.weights = weights;
    this.rope = rope;
    this.pages = pages;
    this.scratch = scratch;
    this.y = y;
    this.group = attention.heads() / attention.kvHeads();
    this.partialFloats = attention.headSize() + 16;
    this.tileStart = new int[scratch.x().rowsMax() + 1];
    this.queryKeyValue =
        new Products(
            crew,
            List.of(
                weights.query.into(scratch.q()),
                weights.key.into(scratch.k()),
                weights.value.into(scratch.v())));
    this.output = new Products(crew, List.of(weights.output.into(y)));
  }

  @Override
  public boolean quantized() {
    return queryKeyValue.quantized();
  }

  @Override
  public void run(Batch batch, int[] tokens, int rows, Activations x) {
    assert rows == batch.tokens() : "attention keeps the state of every token";
    this.batch = batch;
    queryKeyValue.run(x, batch.tokens());
    crew.workers().run(batch.tokens(), prepare);
    int units = crew.workers().threads() * UNITS_PER_THREAD;
    tile = Math.clamp((long) batch.tokens() * attention.kvHeads() / units, 1, TILE_MAX);
    int token = 0;
    while (token < batch.tokens()) {
      token = planRound(token);
      crew.workers().run(tiles * attention.kvHeads() * spans, attend);
      crew.workers().run(token - roundStart, merge);
    }
    output.run(scratch.x(), batch.tokens());
    if (weights.output.bias().isPresent()) {
      crew.workers().run(batch.tokens(), addBias);
    }
  }

  /// Biases, norms and rotation of one token; its key and value go into their page.
  private void prepare(int token, int worker) {
    RowKernels rows = crew.kernels().rows();
    int position = batch.position(token);
    long q = token * weights.query.stride();
    long k = token * weights.key.stride();
    long v = token * weights.value.stride();
    weights.query.addBias(rows, scratch.q(), q);
    weights.key.addBias(rows, scratch.k(), k);
    weights.value.addBias(rows, scratch.v(), v);
    heads(rows, scratch.q(), q, attention.heads(), weights.queryNorm, position);
    heads(rows, scratch.k(), k, attention.kvHeads(), weights.keyNorm, position);
    if (attention.temperature().isPresent()) {
      float factor = attention.temperature().get().at(position);
      rows.scale(factor, scratch.q(), q, attention.heads() * attention.headSize());
    }
    int pageTokens = pages.pageTokens();
    int page = batch.pages(batch.slice(token)).pages()[position / pageTokens];
    crew.kernels()
        .attention()
        .store(pages, page, position % pageTokens, scratch.k(), k, scratch.v(), v);
  }

  private void heads(
      RowKernels rows,
      MemorySegment x,
      long offset,
      int heads,
      Optional<MemorySegment> norm,
      int position) {
    int size = attention.headSize();
    for (int head = 0; head < heads; head++) {
      long from = offset + (long) head * size;
      if (norm.isPresent()) {
        float epsilon = attention.queryNorm().orElseThrow().epsilon();
        rows.rmsNorm(x, from, norm.get(), epsilon, x, from, size);
      }
      if (rope.isPresent()) {
        RopeTables tables = rope.get();
        long table = (long) position * tables.half();
        rows.rotate(x, from, tables.cosines(), tables.sines(), table, tables.half());
      }
    }
  }

  /// Plans tiles from this token on, as many as fit, and returns the token after the last.
  private int planRound(int token) {
    roundStart = token;
    tiles = 0;
    spans = 1;
    while (token < batch.tokens()) {
      int sliceEnd = batch.sliceStart(batch.slice(token) + 1);
      int end = Math.min(token + tile, sliceEnd);
      int spansNow =
          Math.max(spans, Math.ceilDiv(batch.position(end - 1) + 1, AttentionKernels.SPAN));
      int room = scratch.partialsMax() / (attention.heads() * spansNow);
      if (end - roundStart > room) {
        if (tiles > 0) {
          break;
        }
        end = Math.min(end, roundStart + room);
      }
      spans = spansNow;
      tileStart[tiles++] = token;
      token = end;
      tileStart[tiles] = end;
    }
    return token;
  }

  private void attend(int unit, int worker) {
    int span = unit % spans;
    int kvHead = unit / spans % attention.kvHeads();
    int tile = unit / spans / attention.kvHeads();
    int token = tileStart[tile];
    int head = kvHead * group;
    long stride = (long) spans * partialFloats;
    crew.kernels()
        .attention()
        .attend(
            pages,
            batch.pages(batch.slice(token)).pages(),
            kvHead,
            group,
            tileStart[tile + 1] - token,
            batch.position(token),
            attention.window(),
            span,
            attention.scale(),
            scratch.q(),
            token * weights.query.stride() + (long) head * attention.headSize(),
            weights.query.stride(),
            scratch.partials(),
            partial(token, head) + (long) span * group * partialFloats,
            attention.heads() * stride);
  }

  /// Where the partial results of a KV head's group begin: `[spans, group, headSize + 16]`.
  private long partial(int token, int head) {
    return ((long) (token - roundStart) * attention.heads() + head) * spans * partialFloats;
  }

  private void merge(int item, int worker) {
    int token = roundStart + item;
    Activations target = scratch.x();
    int size = attention.headSize();
    int seen = batch.position(token) / AttentionKernels.SPAN + 1;
    for (int head = 0; head < attention.heads(); head++) {
      int inGroup = head % group;
      crew.kernels()
          .attention()
          .merge(
              size,
              seen,
              scratch.partials(),
              partial(token, head - inGroup) + (long) inGroup * partialFloats,
              (long) group * partialFloats,
              target.floats(),
              (long) token * target.paddedSize() + (long) head * size);
    }
    if (output.quantized() && crew.kernels().matrix().quantize(target, token, token + 1) >= 0) {
      batch.fail(token, "attention gave a number that is not finite");
    }
  }

  private void addBias(int token, int worker) {
    weights.output.addBias(crew.kernels().rows(), y, token * weights.output.stride());
  }
}
