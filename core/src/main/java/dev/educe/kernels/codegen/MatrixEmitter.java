package dev.educe.kernels.codegen;

import static dev.educe.kernels.codegen.BlockTable.TABLE;
import static dev.educe.kernels.codegen.Gpr.R10;
import static dev.educe.kernels.codegen.Gpr.R11;
import static dev.educe.kernels.codegen.Gpr.RBX;
import static dev.educe.kernels.codegen.Gpr.RCX;
import static dev.educe.kernels.codegen.MatrixFrame.COUNT;
import static dev.educe.kernels.codegen.MatrixFrame.FIRST;
import static dev.educe.kernels.codegen.MatrixFrame.LENGTH;
import static dev.educe.kernels.codegen.MatrixFrame.PANEL;
import static dev.educe.kernels.codegen.MatrixFrame.STEPS;
import static dev.educe.kernels.codegen.Mem.mem;

import dev.educe.kernels.Activations;
import dev.educe.kernels.PanelLayout;

/// Writes the matrix kernel: panels of 16 rows of quantized weights times some rows of quantized
/// activations, for one format, number of rows and tier.
///
/// A lane is a row of weights. Per block of 32 columns and row of activations an integer
/// accumulator starts at `−excess · Σx`, takes the byte products of the eight groups, is converted,
/// and joins the float accumulator as the arithmetic contract says. Where the contract has more
/// than one product before that, the block's *value* is what they have come to. A tier of 256 bits
/// does a panel in two *strips* of eight lanes.
///
/// Columns go in chunks whose activations stay in the nearest cache, together with the chunk's
/// [BlockTable].
///
/// With many rows there are not registers for all that a row needs. Then the last rows' results,
/// each used once in a block, lie on the stack behind the table.
///
/// The public face of the rest is for [Unpack].
final class MatrixEmitter {
  private static final Gpr QUANTS = R10;
  private static final Gpr SUB_SCALES = R11;
  private static final Gpr SCALES = RBX;
  private static final Gpr MORE_SUB_SCALES = RCX;

  private static final int GROUPS = 8;
  // Four products of a weight with ±127 fit 16 bits.
  private static final int PAIR_WEIGHT_MAX = 64;
  // Blocks of a chunk, of all rows together: 16 KB, half of the nearest cache.
  private static final int CHUNK_BLOCKS = 512;
  private static final int VECTOR_BYTES = 64;
  // Rows up to which memory and not arithmetic is what a kernel waits for.
  private static final int ROWS_STREAMED = 2;
  // Rows up to which a step is few sequences, and its weights come from memory: tiles of a prompt
  // have more, and all but the first find theirs in a cache.
  private static final int ROWS_FROM_MEMORY = 8;
  // Bytes of weights per row of activations up to which the nearest cache keeps up.
  private static final int NEAR_BYTES = 52;
  // The opmask register of bytes below zero.
  private static final int NEGATIVE = 1;
  // Truth table of vpternlogd.
  private static final int A_OR_B_AND_C = 0xf8;

  private final Assembler a = new Assembler();
  private final Unpack format;
  private final PanelLayout layout;
  private final Tier tier;
  private final int rows;
  private final MatrixFrame frame;
  private final Registers registers;
  private final Dot dot;
  private final int chunk; // blocks
  private final BlockTable table;

  // What is being written: which lanes of the panel, and which block of the pass.
  private int strip;
  private int block;

  /// How tiers of 256 bits multiply and add bytes in one instruction.
  interface Dot {
    void add(Assembler a, Vec sum, Vec w, Vec x);
  }

  MatrixEmitter(Unpack format, Tier tier, int rows) {
    this(format, tier, rows, Assembler::vpdpbusdVex);
  }

  /// @param dot lets a test run the tier on a processor that has the instruction in another form
  MatrixEmitter(Unpack format, Tier tier, int rows, Dot dot) {
    this.dot = dot;
    this.format = format;
    this.layout = PanelLayout.find(format.type()).orElseThrow();
    this.tier = tier;
    this.rows = rows;
    this.frame = new MatrixFrame(a, rows);
    this.registers = Registers.of(format, tier, rows);
    // Whole groups of blocks that share scales.
    this.chunk = CHUNK_BLOCKS / rows / 8 * 8;
    this.table = new BlockTable(a, format, registers, rows, chunk);
  }

  /// Writes the kernel.
  Assembler emit() {
    frame.enter(table.bytes() + VECTOR_BYTES * (rows - registers.results().size()));
    format.constants(this);
    if (!tier.hasDotProduct()) {
      a.vpbroadcastd(registers.ones(), a.constant(0x00010001));
      a.vpbroadcastd(registers.highest(), a.constant(0x80808080));
    }
    frame.eachChunk(
        chunk,
        layout.quantStride(),
        () -> {
          table.emit();
          frame.eachPanel(() -> {
            for (strip = 0; strip < 512 / tier.bits(); strip++) {
              emitStrip();
            }
          });
        });
    frame.leave();
    return a;
  }

  private void emitStrip() {
    emitResults();
    a.mov(SCALES, PANEL);
    if (layout.isInterleaved()) {
      a.lea(QUANTS, mem(PANEL, layout.scaleBytes()));
    } else {
      a.imul(SUB_SCALES, STEPS, layout.scaleBytes() / layout.scaleBlocks());
      a.add(SUB_SCALES, PANEL);
      a.imul(QUANTS, STEPS, layout.subScaleBytes());
      a.add(QUANTS, SUB_SCALES);
      a.add(QUANTS, 63);
      a.and(QUANTS, -64);
      emitFetch();
    }
    if (format.moreSubScaleStride() != 0) {
      a.imul(MORE_SUB_SCALES, STEPS, format.subScaleStride(layout));
      a.add(MORE_SUB_SCALES, SUB_SCALES);
      advance(MORE_SUB_SCALES, format.moreSubScaleStride() / format.blocksPerPass());
    }
    advance(SCALES, layout.scaleStride() / layout.scaleBlocks());
    advance(SUB_SCALES, format.subScaleStride(layout));
    advance(QUANTS, layout.quantStride());
    a.lea(TABLE, MatrixFrame.room());
    frame.startRows(Activations.BLOCK);
    a.mov(COUNT, LENGTH);
    Label again = a.here();
    for (block = 0; block < format.blocksPerPass(); block++) {
      emitBlock();
      frame.advanceRows(Activations.BLOCK);
      a.add(TABLE, Float.BYTES);
      a.add(QUANTS, layout.quantStride());
      a.add(SUB_SCALES, format.subScaleStride(layout));
    }
    emitNextScales();
    a.test(COUNT, COUNT);
    a.jump(Condition.NOT_EQUAL, again);
    frame.eachResult(
        strip * tier.bits() / 8,
        (place, row) -> {
          Vec result = isInMemory(row) ? registers.t0() : result(row);
          if (isInMemory(row)) {
            a.vmovups(result, resultInMemory(row));
          }
          a.vmovups(place, result);
        });
  }

  /// Goes to the first block of the chunk.
  private void advance(Gpr pointer, int blockBytes) {
    a.imul(COUNT, FIRST, blockBytes);
    a.add(pointer, COUNT);
  }

  /// Zeros, or what the chunks before have come to.
  private void emitResults() {
    Label first = new Label();
    Label end = new Label();
    Vec zero = registers.t0();
    a.mov(COUNT, FIRST);
    a.test(COUNT, COUNT);
    a.jump(Condition.EQUAL, first);
    frame.eachResult(
        strip * tier.bits() / 8,
        (place, row) -> {
          if (isInMemory(row)) {
            a.vmovups(registers.t0(), place);
            a.vmovups(resultInMemory(row), registers.t0());
          } else {
            a.vmovups(result(row), place);
          }
        });
    a.jmp(end);
    a.bind(first);
    // Another core may have them, which will have read what was there before.
    frame.eachResult(strip * tier.bits() / 8, (place, row) -> a.prefetchw(place));
    a.vpxor(zero, zero, zero);
    for (int row = 0; row < rows; row++) {
      if (isInMemory(row)) {
        a.vmovups(resultInMemory(row), zero);
      } else {
        a.vpxor(result(row), result(row), result(row));
      }
    }
    a.bind(end);
  }

  private void emitNextScales() {
    a.sub(COUNT, format.blocksPerPass());
    Label same = new Label();
    if (layout.scaleBlocks() > 1) {
      a.test(COUNT, layout.scaleBlocks() - 1);
      a.jump(Condition.NOT_EQUAL, same);
    }
    a.add(SCALES, layout.scaleStride());
    a.bind(same);
    if (format.moreSubScaleStride() != 0) {
      a.add(MORE_SUB_SCALES, format.moreSubScaleStride());
    }
  }

  private void emitBlock() {
    emitPrefetch();
    if (format.hasHalves()) {
      for (int half = 0; half < 2; half++) {
        emitStart(half);
        emitGroups(4 * half, 4 * half + 1);
        emitGroups(4 * half + 2, 4 * half + 3);
        format.scale(this, half);
      }
    } else {
      emitStart(0);
      for (int group = 0; group < GROUPS / 2; group++) {
        emitGroups(group, group + GROUPS / 2);
      }
      format.scale(this, 0);
    }
  }

  /// Asks for the same block of the next panel. With many rows a block takes so long that what the
  /// processor would fetch ahead itself comes late; with few it is the better at it. Where there is
  /// time enough the weights come straight into the nearest cache, past the one that other tiles
  /// and the activations are read from; but not from memory, which takes longer than they stay
  /// there.
  private void emitPrefetch() {
    if (strip > 0 || rows <= ROWS_STREAMED) {
      return;
    }
    boolean isNear = rows > ROWS_FROM_MEMORY && layout.quantBytes() <= NEAR_BYTES * rows;
    for (int line = 0; line < layout.quantBytes() / 64; line++) {
      Mem next = quants(line).index(MatrixFrame.AHEAD, 1);
      if (isNear) {
        a.prefetchnta(next);
      } else {
        a.prefetcht1(next);
      }
    }
    a.prefetcht1(mem(SCALES).index(MatrixFrame.AHEAD, 1));
    if (layout.subScaleBytes() > 0) {
      a.prefetcht1(mem(SUB_SCALES).index(MatrixFrame.AHEAD, 1));
    }
  }

  /// Reads what lies before the quants, so that it is near when it is needed and memory is read in
  /// one ascending stream. Asking for it by prefetch instructions instead costs a third of the
  /// rate.
  private void emitFetch() {
    if (strip > 0 || rows > ROWS_STREAMED) {
      return;
    }
    a.mov(TABLE, PANEL);
    Label again = a.here();
    a.vmovups(registers.t0(), mem(TABLE));
    a.add(TABLE, 64);
    a.cmp(TABLE, QUANTS);
    a.jump(Condition.NOT_EQUAL, again);
  }

  private void emitStart(int half) {
    for (int row = 0; row < rows; row++) {
      Vec sum = registers.sums().get(row);
      if (format.excess() != 0 && !isWide()) {
        a.vpbroadcastd(sum, table.entry(1 + half, row));
      } else {
        a.vpxor(sum, sum, sum);
      }
    }
  }

  private void emitGroups(int first, int second) {
    if (tier.hasDotProduct()) {
      format.group(this, first, registers.w0());
      emitDots(registers.w0(), first);
      format.group(this, second, registers.w1());
      emitDots(registers.w1(), second);
    } else if (!isWide()) {
      format.group(this, first, registers.w0());
      format.group(this, second, registers.w1());
      emitProducts(first, second);
    } else {
      emitWideProducts(first);
      emitWideProducts(second);
    }
  }

  private void emitDots(Vec w, int group) {
    for (int row = 0; row < rows; row++) {
      Vec sum = registers.sums().get(row);
      Mem x = frame.x(row, 4 * group);
      if (tier.bits() == 512) {
        a.vpdpbusd(sum, w, x.broadcast());
      } else {
        a.vpbroadcastd(registers.t0(), x);
        dot.add(a, sum, w, registers.t0());
      }
    }
  }

  /// Two groups at once through sums of four products in 16 bits, which weights up to
  /// [#PAIR_WEIGHT_MAX] cannot overflow.
  private void emitProducts(int first, int second) {
    Vec t0 = registers.t0();
    Vec t1 = registers.t1();
    for (int row = 0; row < rows; row++) {
      Vec sum = registers.sums().get(row);
      a.vpbroadcastd(t0, frame.x(row, 4 * first));
      a.vpbroadcastd(t1, frame.x(row, 4 * second));
      a.vpmaddubsw(t0, registers.w0(), t0);
      a.vpmaddubsw(t1, registers.w1(), t1);
      a.vpaddw(t0, t0, t1);
      a.vpmaddwd(t0, t0, registers.ones());
      a.vpaddd(sum, sum, t0);
    }
  }

  /// One group of weights up to 255, which would saturate 16 bits: magnitudes are multiplied
  /// instead, at most 128, with the activations given the weights' signs. So nothing exceeds.
  private void emitWideProducts(int group) {
    Vec w = registers.w0();
    Vec magnitude = registers.w1();
    Vec t0 = registers.t0();
    Vec zero = registers.t1();
    format.group(this, group, w);
    a.vpxor(w, w, registers.highest());
    a.vpabsb(magnitude, w);
    if (tier.bits() == 512) {
      a.vpmovb2m(NEGATIVE, w);
      a.vpxor(zero, zero, zero);
    }
    for (int row = 0; row < rows; row++) {
      Vec sum = registers.sums().get(row);
      a.vpbroadcastd(t0, frame.x(row, 4 * group));
      if (tier.bits() == 512) {
        a.vpsubb(t0.masked(NEGATIVE), zero, t0);
      } else {
        a.vpsignb(t0, t0, w);
      }
      a.vpmaddubsw(t0, magnitude, t0);
      a.vpmaddwd(t0, t0, registers.ones());
      a.vpaddd(sum, sum, t0);
    }
  }

  /// Whether weights are taken as signed magnitudes, without an excess of 128.
  private boolean isWide() {
    return !tier.hasDotProduct() && format.weightMax() > PAIR_WEIGHT_MAX;
  }

  // For formats: registers and addresses.

  Assembler code() {
    return a;
  }

  /// A register that [Unpack#group] and [Unpack#scale] may use for themselves.
  Vec temporary() {
    return registers.t0();
  }

  /// The format's constant number `index`.
  Vec kept(int index) {
    return registers.kept().get(index);
  }

  /// Loads a constant of the format: the same four bytes in all lanes.
  void keep(int index, int bytes) {
    a.vpbroadcastd(kept(index), a.constant(bytes));
  }

  /// Loads a constant of the format: the same sixteen bytes four times.
  void keep(int index, long low, long high) {
    a.vbroadcasti128(kept(index), a.constant(low, high));
  }

  /// The block's quants from byte `64 · line` on.
  Mem quants(int line) {
    return mem(QUANTS, 64 * line + strip * tier.bits() / 8);
  }

  /// Loads sub-scales, as unsigned integers.
  Vec subScales(Vec target, int group) {
    a.vpmovzxbd(target, mem(SUB_SCALES, 16 * group + strip * 8));
    return target;
  }

  /// Loads sub-scales, as signed integers.
  Vec signedSubScales(Vec target, int group) {
    a.vpmovsxbd(target, mem(SUB_SCALES, 16 * group + strip * 8));
    return target;
  }

  /// Loads what the second area of sub-scales holds for this pass, as unsigned integers.
  Vec moreSubScales(Vec target) {
    a.vpmovzxbd(target, mem(MORE_SUB_SCALES, strip * 8));
    return target;
  }

  /// Which block of the pass is being written.
  int block() {
    return block;
  }

  /// Loads scales, as floats.
  Vec scales(Vec target, int index) {
    a.vcvtph2ps(target, mem(SCALES, 32 * index + strip * 16));
    return target;
  }

  /// Loads scales that are a byte each, as unsigned integers.
  Vec exponents(Vec target) {
    a.vpmovzxbd(target, mem(SCALES, strip * 8));
    return target;
  }

  Vec first() {
    return registers.w0();
  }

  Vec second() {
    return registers.w1();
  }

  // For formats: unpacking.

  /// The four bits of a group, from the part of nibbles that begins at line 0.
  ///
  /// Where a line's two groups follow one another, the second finds the line in its register: to
  /// load what is still on its way from memory a second time costs a sixth of the rate.
  void nibbles(Vec w, int group, Vec mask) {
    boolean isPaired = !format.hasHalves() && !isWide();
    if (isPaired && group < GROUPS / 2) {
      a.vmovups(registers.w1(), quants(group));
      a.vpand(w, mask, registers.w1());
    } else if (isPaired) {
      a.vpsrld(w, w, 4);
      a.vpand(w, w, mask);
    } else if (group < GROUPS / 2) {
      a.vpand(w, mask, quants(group));
    } else {
      shiftRight(w, quants(group - GROUPS / 2), 4);
      a.vpand(w, w, mask);
    }
  }

  /// The two bits of a group, from the part of pairs that begins at line 0.
  void pairs(Vec w, int group, Vec mask) {
    shiftRight(w, quants(group / 4), 2 * (group % 4));
    a.vpand(w, w, mask);
  }

  /// `w |= (bits moved left) & mask`; a negative distance moves right.
  void join(Vec w, Mem bits, int left, Vec mask) {
    Vec t = temporary();
    if (left > 0) {
      shiftLeft(t, bits, left);
    } else {
      shiftRight(t, bits, -left);
    }
    if (tier.bits() == 512) {
      a.vpternlogd(w, t, mask, A_OR_B_AND_C);
    } else {
      a.vpand(t, t, mask);
      a.vpor(w, w, t);
    }
  }

  /// Loads 32-bit lanes moved right; bits cross bytes, so a mask must follow.
  void shiftRight(Vec target, Mem source, int bits) {
    if (tier.bits() == 512 && bits > 0) {
      a.vpsrld(target, source, bits);
    } else {
      a.vmovups(target, source);
      if (bits > 0) {
        a.vpsrld(target, target, bits);
      }
    }
  }

  private void shiftLeft(Vec target, Mem source, int bits) {
    if (tier.bits() == 512) {
      a.vpslld(target, source, bits);
    } else {
      a.vmovups(target, source);
      a.vpslld(target, target, bits);
    }
  }

  // For formats: scaling.

  /// `result = fma((float) sum, scale · scaleX, result)`: all of it, for blocks with one scale.
  void addScaled(Vec scale) {
    for (int row = 0; row < rows; row++) {
      Vec sum = registers.sums().get(row);
      a.vcvtdq2ps(sum, sum);
      a.vmulps(registers.t0(), scale, each(table.entry(0, row)));
      addToResult(row, sum);
    }
  }

  /// `result = fma(value, t0, result)`; the value is not needed any more.
  private void addToResult(int row, Vec value) {
    if (isInMemory(row)) {
      a.vfmadd213ps(value, registers.t0(), resultInMemory(row));
      a.vmovups(resultInMemory(row), value);
    } else {
      a.vfmadd231ps(result(row), value, registers.t0());
    }
  }

  /// `subScale = (float) subScale · scale`, which is exact.
  Vec scaled(Vec subScale, int scale) {
    a.vcvtdq2ps(subScale, subScale);
    a.vmulps(subScale, subScale, scales(registers.t0(), scale));
    return subScale;
  }

  /// `value = scale · (float) sum`, or in the second half `value = fma(scale, (float) sum, value)`.
  void addToValues(Vec scale, int half) {
    for (int row = 0; row < rows; row++) {
      Vec sum = registers.sums().get(row);
      Vec value = registers.values().get(row);
      a.vcvtdq2ps(sum, sum);
      if (half == 0) {
        a.vmulps(value, sum, scale);
      } else {
        a.vfmadd231ps(value, sum, scale);
      }
    }
  }

  /// `value = fma(m, Σx, value)`.
  void addOffset(Vec m) {
    for (int row = 0; row < rows; row++) {
      a.vfmadd231ps(registers.values().get(row), m, each(table.entry(1, row)));
    }
  }

  /// `value = fma(−min, Σx, value)`.
  void subtractMin(Vec min, int half) {
    for (int row = 0; row < rows; row++) {
      a.vfnmadd231ps(registers.values().get(row), min, each(table.entry(1 + half, row)));
    }
  }

  /// `result = fma(value, scaleX, result)`.
  void addValues() {
    for (int row = 0; row < rows; row++) {
      if (isInMemory(row)) {
        a.vbroadcastss(registers.t0(), table.entry(0, row));
        addToResult(row, registers.values().get(row));
      } else {
        a.vfmadd231ps(result(row), registers.values().get(row), each(table.entry(0, row)));
      }
    }
  }

  private boolean isInMemory(int row) {
    return row >= registers.results().size();
  }

  private Vec result(int row) {
    return registers.results().get(row);
  }

  private Mem resultInMemory(int row) {
    int index = row - registers.results().size();
    return MatrixFrame.room().plus(table.bytes() + VECTOR_BYTES * index);
  }

  /// An element in all lanes: as part of the instruction that takes it, or in [Registers#t0].
  private Operand each(Mem element) {
    if (tier.bits() == 512) {
      return element.broadcast();
    }
    a.vbroadcastss(registers.t0(), element);
    return registers.t0();
  }
}
