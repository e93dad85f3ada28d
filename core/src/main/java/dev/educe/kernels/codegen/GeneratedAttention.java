package dev.educe.kernels.codegen;

import dev.educe.kernels.AttentionKernels;
import dev.educe.kernels.KvPages;
import dev.educe.kernels.KvType;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceArray;

/// Attention by generated code.
///
/// A kernel takes up to six rows and one block of positions; kernels are written when a shape of
/// pages is first met, and kept. Calls are critical (see [CriticalCalls]), but each is only some
/// microseconds long. Addresses go to it as numbers, since borrowing a shared segment for every
/// call would have all threads write one cache line.
///
/// Thread-safe. Lives as long as the process, or until [#close] when no thread attends any more.
public final class GeneratedAttention implements AttentionKernels, AutoCloseable {
  // Head sizes are multiples of this.
  private static final int CHANNELS = 8;
  private static final int HEAD_SIZE_MAX = 512;
  private static final int SIZES = HEAD_SIZE_MAX / CHANNELS + 1;
  private static final int PAGE_SHAPES = 3;

  private static final MethodHandle CALL = call();
  private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

  private final Tier tier;
  private final AttentionKernels others;
  private final CodeArena code = new CodeArena();
  private final AtomicReferenceArray<MemorySegment> attendKernels =
      new AtomicReferenceArray<>(
          KvType.values().length * PAGE_SHAPES * SIZES * (AttentionBlock.ROWS_MAX + 1));
  private final AtomicReferenceArray<MemorySegment> storeKernels =
      new AtomicReferenceArray<>(KvType.values().length);
  private final AtomicReferenceArray<MemorySegment> mergeKernels =
      new AtomicReferenceArray<>(SIZES);

  /// What a thread keeps between calls, so that a step allocates nothing.
  private static final class Scratch {
    final AttentionRows rows = new AttentionRows();
    final AttentionBlock block = new AttentionBlock();
  }

  /// @param tier one that this machine has
  /// @param others what stores and attends where no kernel is generated: with heads whose size is
  ///   not a multiple of 8, and again for rows in which something is not finite
  public GeneratedAttention(Tier tier, AttentionKernels others) {
    this.tier = tier;
    this.others = others;
  }

  @Override
  public void store(
      KvPages pages,
      int page,
      int token,
      MemorySegment k,
      long kOffset,
      MemorySegment v,
      long vOffset) {
    int headSize = pages.headSize();
    boolean areNative = pages.keys().isNative() && pages.values().isNative();
    if (!fits(headSize) || !areNative || !k.isNative() || !v.isNative()) {
      others.store(pages, page, token, k, kOffset, v, vOffset);
      return;
    }
    Objects.checkIndex(token, pages.pageTokens());
    long elements = (long) pages.kvHeads() * headSize;
    Objects.checkFromIndexSize(kOffset, elements, k.byteSize() / Float.BYTES);
    Objects.checkFromIndexSize(vOffset, elements, v.byteSize() / Float.BYTES);
    for (int head = 0; head < pages.kvHeads(); head++) {
      long offset = pages.offset(page, head);
      Objects.checkFromIndexSize(offset, pages.headBytes(), pages.keys().byteSize());
      Objects.checkFromIndexSize(offset, pages.headBytes(), pages.values().byteSize());
      long from = (long) head * headSize;
      long key = k.address() + (kOffset + from) * Float.BYTES;
      long value = v.address() + (vOffset + from) * Float.BYTES;
      store(pages, page, head, token, key, value);
    }
  }

  /// Stores a head of a token whose key and value lie at these addresses.
  private void store(KvPages pages, int page, int head, int token, long key, long value) {
    MemorySegment kernel = storeKernel(pages.type());
    long keys = pages.keys().address();
    long values = pages.values().address();
    long keyTo = keys + pages.keyOffset(page, head, token, 0);
    long valueTo = values + pages.valueOffset(page, head, token, 0);
    int channels = pages.headSize();
    int elementBytes = pages.type().elementBytes();
    long keyBytes = (long) pages.pageTokens() * elementBytes;
    if (pages.type().hasScales()) {
      long scale = pages.scaleOffset(page, head, token, 0);
      long apart = (long) pages.pageTokens() * Float.BYTES;
      GeneratedRows.run(kernel, key, keyTo, keys + scale, channels, keyBytes, apart);
      GeneratedRows.run(kernel, value, valueTo, values + scale, channels, elementBytes, apart);
    } else {
      GeneratedRows.run(kernel, key, value, keyTo, valueTo, channels, keyBytes);
    }
  }

  @Override
  public void attend(
      KvPages pages,
      int[] pageTable,
      int kvHead,
      int group,
      int tokens,
      int position,
      int window,
      int span,
      float scale,
      MemorySegment q,
      long qOffset,
      long qStride,
      MemorySegment partial,
      long partialOffset,
      long partialStride) {
    if (!fits(pages) || group > AttentionRows.ROWS_MAX) {
      others.attend(
          pages,
          pageTable,
          kvHead,
          group,
          tokens,
          position,
          window,
          span,
          scale,
          q,
          qOffset,
          qStride,
          partial,
          partialOffset,
          partialStride);
      return;
    }
    Objects.checkIndex(kvHead, pages.kvHeads());
    Scratch scratch = SCRATCH.get();
    scratch.block.scale(scale);
    int sliceTokens = AttentionRows.ROWS_MAX / group;
    for (int from = 0; from < tokens; from += sliceTokens) {
      int count = Math.min(sliceTokens, tokens - from);
      scratch.rows.begin(pages.headSize(), count * group);
      for (int token = 0; token < count; token++) {
        scratch.rows.query(token * group, group, q, qOffset + (from + token) * qStride);
      }
      attend(scratch, pages, pageTable, kvHead, group, count, position + from, window, span);
      for (int token = 0; token < count; token++) {
        long offset = partialOffset + (from + token) * partialStride;
        if (!scratch.rows.tryResults(token * group, group, partial, offset)) {
          others.attend(
              pages,
              pageTable,
              kvHead,
              group,
              1,
              position + from + token,
              window,
              span,
              scale,
              q,
              qOffset + (from + token) * qStride,
              qStride,
              partial,
              offset,
              partialStride);
        }
      }
    }
  }

  private void attend(
      Scratch scratch,
      KvPages pages,
      int[] pageTable,
      int kvHead,
      int group,
      int tokens,
      int position,
      int window,
      int span) {
    AttentionBlock desk = scratch.block;
    int end = position + tokens;
    int first = Math.max(span * SPAN, Math.max(0, position - window + 1));
    int blocksEnd = (int) Math.min((span + 1L) * SPAN, end);
    if (first >= blocksEnd) {
      return;
    }
    desk.findNext(pages, pageTable, kvHead, first, end - 1);
    for (int block = first / BLOCK * BLOCK; block < blocksEnd; block += BLOCK) {
      desk.advance();
      if (block + BLOCK < end) {
        // The next span's first, too: it is likely to be this thread's.
        desk.findNext(pages, pageTable, kvHead, block + BLOCK, end - 1);
      }
      // The first and the last token that see something of the block.
      int tokenFrom = Math.max(0, block - position);
      int tokenTo = (int) Math.min(tokens, (long) block + BLOCK - 1 + window - position);
      boolean isWhole =
          block + BLOCK <= position + tokenFrom + 1 && position + tokenTo - window <= block;
      if (isWhole) {
        desk.seeAll();
      }
      int rowFrom = tokenFrom * group;
      int rows = tokenTo * group - rowFrom;
      int tiles = Math.ceilDiv(rows, AttentionBlock.ROWS_MAX);
      for (int tile = 0; tile < tiles; tile++) {
        int row = rowFrom + rows * tile / tiles;
        int count = rowFrom + rows * (tile + 1) / tiles - row;
        if (!isWhole) {
          see(desk, row, count, group, position - block, window);
        }
        run(
            attendKernel(pages, count),
            scratch.rows.qAddress(row),
            scratch.rows.oAddress(row),
            scratch.rows.stateAddress(row),
            desk.address());
      }
    }
  }

  /// Tells which places the rows see.
  ///
  /// @param place of the first token, counted from the block's first
  private static void see(
      AttentionBlock desk, int row, int count, int group, int place, int window) {
    for (int i = 0; i < count; i++) {
      int last = place + (row + i) / group;
      desk.see(i, Math.max(0, last - window + 1), Math.min(last + 1, BLOCK));
    }
    int earliest = place + row / group;
    int latest = place + (row + count - 1) / group;
    desk.see(
        Math.max(0, earliest - window + 1),
        Math.max(0, latest - window + 1),
        Math.min(earliest + 1, BLOCK),
        Math.min(latest + 1, BLOCK));
  }

  @Override
  public void merge(
      int headSize,
      int spans,
      MemorySegment partial,
      long partialOffset,
      long spanStride,
      MemorySegment out,
      long outOffset) {
    boolean fits = fits(headSize) && spans >= 1 && spans <= spansMax(headSize);
    if (!fits || !partial.isNative() || !out.isNative()) {
      others.merge(headSize, spans, partial, partialOffset, spanStride, out, outOffset);
      return;
    }
    Objects.checkFromIndexSize(partialOffset, headSize + 2, partial.byteSize() / 4);
    long last = partialOffset + (spans - 1) * spanStride;
    Objects.checkFromIndexSize(last, headSize + 2, partial.byteSize() / 4);
    Objects.checkFromIndexSize(outOffset, headSize, out.byteSize() / 4);
    run(
        mergeKernel(headSize),
        out.address() + 4 * outOffset,
        partial.address() + 4 * partialOffset,
        spans,
        4 * spanStride);
  }

  /// Spans that a call merges, at most: each channel is scaled, then added to.
  static int spansMax(int headSize) {
    return (int) (CriticalCalls.MULTIPLIES_MAX / (2L * headSize));
  }

  /// Calls a kernel; see [AttentionEmitter] and [MergeEmitter] for the arguments.
  static void run(MemorySegment kernel, long first, long second, long third, long fourth) {
    try {
      CALL.invokeExact(kernel, first, second, third, fourth);
    } catch (Throwable e) {
      throw new AssertionError("generated code throws nothing", e);
    }
  }

  private MemorySegment attendKernel(KvPages pages, int rows) {
    int shape = pages.type().ordinal() * PAGE_SHAPES + pageShape(pages.pageTokens());
    int index =
        (shape * SIZES + pages.headSize() / CHANNELS) * (AttentionBlock.ROWS_MAX + 1) + rows;
    MemorySegment kernel = attendKernels.getAcquire(index);
    return kernel != null ? kernel : generateAttend(pages, rows, index);
  }

  private synchronized MemorySegment generateAttend(KvPages pages, int rows, int index) {
    MemorySegment known = attendKernels.getAcquire(index);
    if (known != null) {
      return known;
    }
    KvType type = pages.type();
    int headSize = pages.headSize();
    int tokens = pages.pageTokens();
    String name = "attention-%s-%s-%d-%d-%d".formatted(type, tier.label(), headSize, tokens, rows);
    Assembler assembler = new AttentionEmitter(tier, type, headSize, tokens, rows).emit();
    MemorySegment kernel = code.add(name.toLowerCase(Locale.ROOT), assembler);
    attendKernels.setRelease(index, kernel);
    return kernel;
  }

  private MemorySegment storeKernel(KvType type) {
    MemorySegment kernel = storeKernels.getAcquire(type.ordinal());
    return kernel != null ? kernel : generateStore(type);
  }

  private synchronized MemorySegment generateStore(KvType type) {
    MemorySegment known = storeKernels.getAcquire(type.ordinal());
    if (known != null) {
      return known;
    }
    String name = "store-%s".formatted(type).toLowerCase(Locale.ROOT);
    Assembler assembler =
        type.hasScales() ? new QuantizedStoreEmitter().emit() : new StoreEmitter(type).emit();
    MemorySegment kernel = code.add(name, assembler);
    storeKernels.setRelease(type.ordinal(), kernel);
    return kernel;
  }

  private MemorySegment mergeKernel(int headSize) {
    MemorySegment kernel = mergeKernels.getAcquire(headSize / CHANNELS);
    return kernel != null ? kernel : generateMerge(headSize);
  }

  private synchronized MemorySegment generateMerge(int headSize) {
    MemorySegment known = mergeKernels.getAcquire(headSize / CHANNELS);
    if (known != null) {
      return known;
    }
    String name = "merge-%s-%d".formatted(tier.label(), headSize);
    MemorySegment kernel = code.add(name, new MergeEmitter(tier, headSize).emit());
    mergeKernels.setRelease(headSize / CHANNELS, kernel);
    return kernel;
  }

  /// Whether there are kernels for heads of a size.
  private static boolean fits(int headSize) {
    return headSize > 0 && headSize % CHANNELS == 0 && headSize / CHANNELS < SIZES;
  }

  /// Whether there are kernels for these pages.
  private static boolean fits(KvPages pages) {
    int shape = pageShape(pages.pageTokens());
    return fits(pages.headSize())
        && shape >= 0
        && shape < PAGE_SHAPES
        && pages.keys().isNative()
        && pages.values().isNative();
  }

  /// 0, 1 or 2 for pages of 16, 32 or 64 tokens.
  private static int pageShape(int pageTokens) {
    return Integer.numberOfTrailingZeros(pageTokens / AttentionBlock.SEGMENT);
  }

  /// Returns the pages of all kernels.
  @Override
  public void close() {
    code.close();
  }

  @SuppressWarnings("restricted")
  private static MethodHandle call() {
    FunctionDescriptor type =
        FunctionDescriptor.ofVoid(
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG);
    return Linker.nativeLinker().downcallHandle(type, Linker.Option.critical(false));
  }
}
