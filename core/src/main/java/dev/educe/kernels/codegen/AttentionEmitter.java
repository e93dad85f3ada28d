package dev.educe.kernels.codegen;

import static dev.educe.kernels.codegen.AttentionBlock.CHANGES;
import static dev.educe.kernels.codegen.AttentionBlock.FROM;
import static dev.educe.kernels.codegen.AttentionBlock.KEYS;
import static dev.educe.kernels.codegen.AttentionBlock.LIMITS;
import static dev.educe.kernels.codegen.AttentionBlock.NEXT_KEYS;
import static dev.educe.kernels.codegen.AttentionBlock.NEXT_VALUES;
import static dev.educe.kernels.codegen.AttentionBlock.ROWS_MAX;
import static dev.educe.kernels.codegen.AttentionBlock.SEGMENT;
import static dev.educe.kernels.codegen.AttentionBlock.SEGMENTS;
import static dev.educe.kernels.codegen.AttentionBlock.SUMS;
import static dev.educe.kernels.codegen.AttentionBlock.TO;
import static dev.educe.kernels.codegen.AttentionBlock.VALUES;
import static dev.educe.kernels.codegen.AttentionBlock.WEIGHTS;
import static dev.educe.kernels.codegen.Gpr.R10;
import static dev.educe.kernels.codegen.Gpr.R11;
import static dev.educe.kernels.codegen.Gpr.R12;
import static dev.educe.kernels.codegen.Gpr.R13;
import static dev.educe.kernels.codegen.Gpr.R14;
import static dev.educe.kernels.codegen.Gpr.R8;
import static dev.educe.kernels.codegen.Gpr.R9;
import static dev.educe.kernels.codegen.Gpr.RAX;
import static dev.educe.kernels.codegen.Gpr.RBP;
import static dev.educe.kernels.codegen.Gpr.RBX;
import static dev.educe.kernels.codegen.Gpr.RCX;
import static dev.educe.kernels.codegen.Gpr.RDI;
import static dev.educe.kernels.codegen.Gpr.RDX;
import static dev.educe.kernels.codegen.Gpr.RSI;
import static dev.educe.kernels.codegen.Mem.mem;

import dev.educe.kernels.AttentionKernels;
import dev.educe.kernels.KvType;
import java.util.List;

/// Writes the attention kernel: some rows (query heads of tokens) look at a block of 64 positions.
///
///     void kernel(q, o, state, block)
///
/// The first three are those of [AttentionRows], the last is an [AttentionBlock].
///
/// Scores and sums of values are the same loop: a tile of accumulators, rows by vectors, in which a
/// lane is a position or a channel; each step loads a row of keys or values from its page, widens
/// it, and multiplies it by an element of each row. Between them lies the online softmax, row by
/// row.
///
/// Two things are left to [AttentionRows#tryResults]: the sign of a maximum of zero, and a maximum
/// that is NaN.
///
/// While a tile reads a block, it fetches the next one into the second-level cache.
final class AttentionEmitter {
  private static final int BLOCK = AttentionKernels.BLOCK;
  private static final int LINE = 64;
  private static final int BLOCK_BYTES = BLOCK * Float.BYTES;

  private static final Gpr Q = RDI;
  private static final Gpr O = RSI;
  private static final Gpr STATE = RDX;
  private static final Gpr DESK = RCX; // the AttentionBlock
  // In the loop over channels.
  private static final List<Gpr> SEGMENT_KEYS = List.of(R8, R9, R10, R11);
  private static final List<Gpr> NEXT_SEGMENT_KEYS = List.of(RBX, RBP, R12, R13);
  private static final Gpr CHANNEL = RAX; // times the bytes from one to the next
  private static final Gpr KEY_SCALES = R14; // where the scales of the channel's group lie
  // In the loop over places.
  private static final Gpr PLACE = R8;
  private static final Gpr PLACE_END = R9;
  private static final Gpr SEGMENT_END = R10;
  private static final Gpr VALUE = R11;
  private static final Gpr NEXT_VALUE = RDI;
  private static final Gpr VALUE_SCALE = RBX;
  private static final Gpr NEXT_VALUE_SCALE = RBP;
  private static final List<Gpr> SAVED = List.of(RBX, RBP, R12, R13, R14);

  private final Assembler a = new Assembler();
  private final KvType type;
  private final int headSize;
  private final int pageTokens;
  private final int rows;
  private final int bits;
  private final int lanes;
  private final int width; // vectors of a tile
  private final ExponentialEmitter exponential;

  AttentionEmitter(Tier tier, KvType type, int headSize, int pageTokens, int rows) {
    this.type = type;
    this.headSize = headSize;
    this.pageTokens = pageTokens;
    this.rows = rows;
    this.bits = tier.bits();
    this.lanes = bits / Float.SIZE;
    this.width = bits == 512 ? 4 : 2;
    this.exponential = new ExponentialEmitter(a, tier);
  }

  /// Writes the kernel.
  Assembler emit() {
    SAVED.forEach(a::push);
    for (int i = 0; i < SEGMENTS; i++) {
      a.mov(NEXT_SEGMENT_KEYS.get(i), mem(DESK, NEXT_KEYS + 8 * i));
    }
    emitScores();
    emitLimits();
    exponential.load();
    emitMaxima();
    emitWeights();
    emitChanges();
    int chunk = width * lanes;
    for (int channel = 0; channel < headSize; channel += chunk) {
      emitValues(channel, Math.min(chunk, headSize - channel));
    }
    SAVED.reversed().forEach(a::pop);
    a.vzeroupper();
    a.ret();
    return a;
  }

  /// Places that no row sees get scores of anything.
  private void emitScores() {
    int tileSegments = width * lanes / SEGMENT;
    Label done = new Label();
    if (tileSegments == SEGMENTS) {
      // One tile, cut to the segments that are seen.
      for (int segments = SEGMENTS; segments > 0; segments--) {
        Label fewer = new Label();
        if (segments > 1) {
          a.mov(RAX, mem(DESK, AttentionBlock.END));
          a.cmp(RAX, (segments - 1) * SEGMENT);
          a.jump(Condition.LESS_OR_EQUAL, fewer);
        }
        emitScores(0, segments);
        a.jmp(done);
        a.bind(fewer);
      }
    } else {
      for (int segment = 0; segment < SEGMENTS; segment += tileSegments) {
        a.mov(RAX, mem(DESK, AttentionBlock.END));
        a.cmp(RAX, segment * SEGMENT);
        a.jump(Condition.LESS_OR_EQUAL, done);
        emitScores(segment, tileSegments);
      }
    }
    a.bind(done);
  }

  private void emitScores(int segment, int segments) {
    int vectors = segments * SEGMENT / lanes;
    for (int i = 0; i < segments; i++) {
      a.mov(SEGMENT_KEYS.get(i), mem(DESK, KEYS + 8 * (segment + i)));
    }
    a.xor(CHANNEL, CHANNEL);
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < vectors; i++) {
        a.vpxor(sum(row, i), sum(row, i), sum(row, i));
      }
    }
    int keyBytes = pageTokens * type.elementBytes();
    Label again = a.here();
    emitKeyScales(segment, segments);
    for (int i = 0; i < vectors; i++) {
      Gpr keys = SEGMENT_KEYS.get(i * lanes / SEGMENT);
      int token = (segment * SEGMENT + i * lanes) % pageTokens;
      Mem scales = mem(keys, scalesOffset() + token * Float.BYTES).index(KEY_SCALES, 1);
      load(lane(i, bits), mem(keys, token * type.elementBytes()).index(CHANNEL, 1), scales);
    }
    for (int row = 0; row < rows; row++) {
      Vec element = element(row, bits);
      a.vbroadcastss(element, mem(Q, row * headSize * Float.BYTES));
      for (int i = 0; i < vectors; i++) {
        a.vfmadd231ps(sum(row, i), lane(i, bits), element);
      }
    }
    for (int i = segment; i < segment + segments; i++) {
      int byteOf = i * SEGMENT % pageTokens * type.elementBytes();
      if (byteOf % LINE == 0) {
        a.prefetcht1(mem(NEXT_SEGMENT_KEYS.get(i), byteOf).index(CHANNEL, 1));
      }
    }
    a.add(Q, Float.BYTES);
    a.add(CHANNEL, keyBytes);
    a.cmp(CHANNEL, headSize * keyBytes);
    a.jump(Condition.LESS, again);
    a.sub(Q, headSize * Float.BYTES);
    Vec scale = element(0, bits);
    a.vbroadcastss(scale, mem(DESK, AttentionBlock.SCALE));
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < vectors; i++) {
        a.vmulps(sum(row, i), sum(row, i), scale);
        a.vmovups(weights(row, segment * SEGMENT + i * lanes), sum(row, i));
      }
    }
  }

  /// Finds the scales of a channel, if there are scales, and fetches the next block's.
  private void emitKeyScales(int segment, int segments) {
    if (!type.hasScales()) {
      return;
    }
    // CHANNEL counts bytes of codes; of scales there are an eighth, and a group has a whole row.
    a.mov(KEY_SCALES, CHANNEL);
    a.shr(KEY_SCALES, Integer.numberOfTrailingZeros(KvType.GROUP / Float.BYTES));
    for (int i = segment; i < segment + segments; i++) {
      if (i * SEGMENT % pageTokens == 0) {
        a.prefetcht1(mem(NEXT_SEGMENT_KEYS.get(i), scalesOffset()).index(KEY_SCALES, 1));
      }
    }
    a.and(KEY_SCALES, -pageTokens * Float.BYTES);
  }

  /// Where the scales begin in a page of keys or of values.
  private int scalesOffset() {
    return headSize * pageTokens * type.elementBytes();
  }

  /// Sets the scores of places that a row does not see to −∞, whatever they are. What it sees
  /// stays, but for NaN, which becomes +∞ and then NaN again, since it is the maximum.
  private void emitLimits() {
    Label none = new Label();
    a.mov(RAX, mem(DESK, AttentionBlock.SHARED_END));
    a.sub(RAX, mem(DESK, AttentionBlock.SHARED));
    a.cmp(RAX, BLOCK);
    a.jump(Condition.EQUAL, none);
    for (int row = 0; row < rows; row++) {
      a.mov(R8, BLOCK);
      a.sub(R8, mem(DESK, FROM + 8 * row));
      a.mov(R9, 2 * BLOCK);
      a.sub(R9, mem(DESK, TO + 8 * row));
      for (int place = 0; place < BLOCK; place += lanes) {
        // A minimum with NaN is its second operand.
        Vec score = sum(0, place / lanes & 1);
        Mem limits = mem(DESK, LIMITS + Float.BYTES * place);
        a.vmovups(score, weights(row, place));
        a.vminps(score, score, limits.index(R8, 4));
        a.vminps(score, score, limits.index(R9, 4));
        a.vmovups(weights(row, place), score);
      }
    }
    a.bind(none);
  }

  /// Brings each row's maximum up to date and notes by how much it rose.
  private void emitMaxima() {
    for (int row = 0; row < rows; row++) {
      Vec max = register(2 * row % 12);
      Vec spare = register(2 * row % 12 + 1);
      a.vmovups(max, weights(row, 0));
      for (int place = lanes; place < BLOCK; place += lanes) {
        a.vmaxps(max, max, weights(row, place));
      }
      LaneTree.emit(a, max, spare, a::vmaxps);
      Vec first = max.as(128);
      Vec old = spare.as(128);
      a.vbroadcastss(old, mem(STATE, 4 * row));
      a.vmaxps(first, first, old);
      a.vmovd(mem(STATE, 4 * row), first);
      a.vsubps(old, old, first);
      a.vmovd(mem(DESK, CHANGES + 4 * row), old);
    }
  }

  /// Turns scores into weights and sums them up.
  private void emitWeights() {
    Vec max = register(exponential.free());
    Vec sum = register(exponential.free() + 1);
    Vec upper = register(exponential.free() + 2);
    for (int row = 0; row < rows; row++) {
      a.vbroadcastss(max, mem(STATE, 4 * row));
      for (int place = 0; place < BLOCK; place += exponential.width() * lanes) {
        for (int i = 0; i < exponential.width(); i++) {
          a.vmovups(exponential.x(i), weights(row, place + i * lanes));
          a.vsubps(exponential.x(i), exponential.x(i), max);
        }
        exponential.emit(exponential.width());
        for (int i = 0; i < exponential.width(); i++) {
          int at = place + i * lanes;
          Vec weight = exponential.x(i);
          a.vmovups(weights(row, at), weight);
          // Sixteen lanes of sums are one vector or two.
          Vec target = at % SEGMENT == 0 ? sum : upper;
          if (at < SEGMENT) {
            a.vmovups(target, weight);
          } else {
            a.vaddps(target, target, weight);
          }
        }
      }
      if (lanes < SEGMENT) {
        a.vaddps(sum, sum, upper);
      }
      LaneTree.emit(a, sum, upper, a::vaddps);
      a.vmovd(mem(DESK, SUMS + 4 * row), sum.as(128));
    }
  }

  /// Rescales the rows' sums and adds the block's.
  private void emitChanges() {
    a.vmovups(exponential.x(0), mem(DESK, CHANGES));
    exponential.emit(1);
    a.vmovups(mem(DESK, CHANGES), exponential.x(0));
    for (int row = 0; row < rows; row++) {
      Vec sum = Vec.xmm(2 * (row % 2));
      Vec change = Vec.xmm(2 * (row % 2) + 1);
      Mem l = mem(STATE, AttentionRows.SUMS + 4 * row);
      a.vbroadcastss(sum, l);
      a.vbroadcastss(change, mem(DESK, CHANGES + 4 * row));
      a.vfmadd213ps(sum, change, vectorOf(mem(DESK, SUMS + 4 * row)));
      a.vmovd(l, sum);
    }
  }

  private Vec vectorOf(Mem number) {
    Vec vector = Vec.xmm(4);
    a.vbroadcastss(vector, number);
    return vector;
  }

  private void emitValues(int channel, int channels) {
    int vectors = Math.ceilDiv(channels, lanes);
    // Channels come in eights, so that the last vector may be half of one.
    int lastBits = (channels - (vectors - 1) * lanes) * Float.SIZE;
    for (int row = 0; row < rows; row++) {
      Vec change = element(row, bits);
      a.vbroadcastss(change, mem(DESK, CHANGES + 4 * row));
      for (int i = 0; i < vectors; i++) {
        int width = i == vectors - 1 ? lastBits : bits;
        a.vmulps(sum(row, i).as(width), change.as(width), sumsOfValues(row, channel + i * lanes));
      }
    }
    a.mov(PLACE, mem(DESK, AttentionBlock.FIRST));
    a.mov(PLACE_END, mem(DESK, AttentionBlock.SHARED));
    emitPlaces(channel, vectors, lastBits, true);
    a.mov(PLACE_END, mem(DESK, AttentionBlock.SHARED_END));
    emitPlaces(channel, vectors, lastBits, false);
    a.mov(PLACE_END, mem(DESK, AttentionBlock.END));
    emitPlaces(channel, vectors, lastBits, true);
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < vectors; i++) {
        int width = i == vectors - 1 ? lastBits : bits;
        a.vmovups(sumsOfValues(row, channel + i * lanes), sum(row, i).as(width));
      }
    }
  }

  /// Adds the values of the places from [#PLACE] to [#PLACE_END].
  ///
  /// @param isPartial whether rows may not see a place; else all see all
  private void emitPlaces(int channel, int vectors, int lastBits, boolean isPartial) {
    int valueBytes = headSize * type.elementBytes();
    Label done = new Label();
    Label segment = a.here();
    a.cmp(PLACE, PLACE_END);
    a.jump(Condition.GREATER_OR_EQUAL, done);
    a.mov(VALUE, PLACE);
    a.shr(VALUE, Integer.numberOfTrailingZeros(SEGMENT));
    a.mov(NEXT_VALUE, mem(DESK, NEXT_VALUES).index(VALUE, 8));
    a.mov(VALUE, mem(DESK, VALUES).index(VALUE, 8));
    a.mov(RAX, PLACE);
    a.and(RAX, pageTokens - 1);
    if (type.hasScales()) {
      a.lea(VALUE_SCALE, mem(VALUE, scalesOffset()).index(RAX, Float.BYTES));
      a.lea(NEXT_VALUE_SCALE, mem(NEXT_VALUE, scalesOffset()).index(RAX, Float.BYTES));
    }
    a.imul(RAX, RAX, valueBytes);
    a.add(VALUE, RAX);
    a.add(NEXT_VALUE, RAX);
    a.mov(SEGMENT_END, PLACE);
    a.and(SEGMENT_END, -SEGMENT);
    a.add(SEGMENT_END, SEGMENT);
    Label place = new Label();
    a.cmp(SEGMENT_END, PLACE_END);
    a.jump(Condition.LESS_OR_EQUAL, place);
    a.mov(SEGMENT_END, PLACE_END);
    a.bind(place);
    emitLoadsOfValues(channel, vectors, lastBits);
    for (int row = 0; row < rows; row++) {
      Label unseen = new Label();
      if (isPartial) {
        a.cmp(PLACE, mem(DESK, FROM + 8 * row));
        a.jump(Condition.LESS, unseen);
        a.cmp(PLACE, mem(DESK, TO + 8 * row));
        a.jump(Condition.GREATER_OR_EQUAL, unseen);
      }
      a.vbroadcastss(element(row, bits), weights(row, 0).index(PLACE, 4));
      for (int i = 0; i < vectors; i++) {
        int width = i == vectors - 1 ? lastBits : bits;
        a.vfmadd231ps(sum(row, i).as(width), lane(i, width), element(row, width));
      }
      a.bind(unseen);
    }
    if (!isPartial) {
      emitFetchesOfValues(channel, vectors * lanes);
    }
    a.add(VALUE, valueBytes);
    a.add(NEXT_VALUE, valueBytes);
    if (type.hasScales()) {
      a.add(VALUE_SCALE, Float.BYTES);
      a.add(NEXT_VALUE_SCALE, Float.BYTES);
    }
    a.inc(PLACE);
    a.cmp(PLACE, SEGMENT_END);
    a.jump(Condition.LESS, place);
    a.jmp(segment);
    a.bind(done);
  }

  private void emitLoadsOfValues(int channel, int vectors, int lastBits) {
    for (int i = 0; i < vectors; i++) {
      int width = i == vectors - 1 ? lastBits : bits;
      int at = channel + i * lanes;
      Vec scale = element(at / KvType.GROUP, bits);
      if (type.hasScales() && (i == 0 || at % KvType.GROUP == 0)) {
        a.vbroadcastss(scale, mem(VALUE_SCALE, scaleBytes(at)));
      }
      load(lane(i, width), mem(VALUE, at * type.elementBytes()), scale.as(width));
    }
  }

  /// Fetches the next block's values.
  private void emitFetchesOfValues(int channel, int channels) {
    int from = channel * type.elementBytes();
    for (int at = from; at < from + channels * type.elementBytes(); at += LINE) {
      a.prefetcht1(mem(NEXT_VALUE, at));
    }
    for (int at = channel; type.hasScales() && at < channel + channels; at += KvType.GROUP) {
      a.prefetcht1(mem(NEXT_VALUE_SCALE, scaleBytes(at)));
    }
  }

  /// How far the scales of a channel's group lie behind those of the first.
  private int scaleBytes(int channel) {
    return channel / KvType.GROUP * pageTokens * Float.BYTES;
  }

  /// Loads elements of keys or values and widens them.
  ///
  /// @param scales what they are multiplied by, if the type has scales
  private void load(Vec d, Mem elements, Operand scales) {
    switch (type) {
      case F32 -> a.vmovups(d, elements);
      case F16 -> a.vcvtph2ps(d, elements);
      case I8 -> {
        a.vpmovsxbd(d, elements);
        a.vcvtdq2ps(d, d);
        a.vmulps(d, d, scales);
      }
    }
  }

  private Mem weights(int row, int place) {
    return mem(DESK, WEIGHTS + row * BLOCK_BYTES + Float.BYTES * place);
  }

  private Mem sumsOfValues(int row, int channel) {
    return mem(O, (row * headSize + channel) * Float.BYTES);
  }

  private Vec sum(int row, int vector) {
    return register(row * width + vector);
  }

  /// Keys or values.
  private Vec lane(int vector, int bitsOfVector) {
    return register(ROWS_MAX * width + vector).as(bitsOfVector);
  }

  /// An element of a row in all lanes.
  private Vec element(int row, int bitsOfVector) {
    return register((ROWS_MAX + 1) * width + row % 2).as(bitsOfVector);
  }

  private Vec register(int index) {
    return new Vec(index, bits, 0, false);
  }
}
