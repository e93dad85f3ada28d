package dev.educe.bench;

import dev.educe.platform.MemoryBudget;
import dev.educe.platform.Region;
import dev.educe.platform.Workers;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.LongAdder;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Reads as much memory as a step of decoding does, by as many threads, and does nothing with it:
/// what decoding is measured against.
///
/// The memory comes from where weights get theirs, so both have pages of the same size.
final class PlainReads implements AutoCloseable {
  private static final VectorSpecies<Long> SPECIES = LongVector.SPECIES_PREFERRED;

  // Claimed one by one, as panels are.
  private static final int CHUNK_BYTES = 1 << 20;

  private static final int WARM_UP_PASSES = 3;

  private final Region region = Region.openHuge("plain reads", MemoryBudget.unlimited());
  private final Workers workers;
  private final MemorySegment memory;
  private final int chunks;
  private final LongAdder sink = new LongAdder(); // so that no read is for nothing

  /// @param bytes about how many a pass reads, rounded up to whole chunks
  PlainReads(long bytes, int threads) {
    chunks = Math.toIntExact(Math.ceilDiv(bytes, CHUNK_BYTES));
    workers = new Workers(threads);
    memory = region.allocate((long) chunks * CHUNK_BYTES);
    // Pages that were never written are all the same zeroed one.
    workers.run(chunks, (chunk, _) -> chunk(chunk).fill((byte) 1));
    region.gather();
    for (int pass = 0; pass < WARM_UP_PASSES; pass++) {
      rate();
    }
  }

  /// Reads everything once and says how many bytes a second that was.
  double rate() {
    long start = System.nanoTime();
    workers.run(chunks, (chunk, _) -> sink.add(read(chunk(chunk))));
    return memory.byteSize() * 1e9 / (System.nanoTime() - start);
  }

  private MemorySegment chunk(int index) {
    return memory.asSlice((long) index * CHUNK_BYTES, CHUNK_BYTES);
  }

  private static long read(MemorySegment chunk) {
    int step = SPECIES.vectorByteSize();
    var a = LongVector.zero(SPECIES);
    var b = a;
    for (int at = 0; at < CHUNK_BYTES; at += 4 * step) {
      a = a.lanewise(VectorOperators.XOR, load(chunk, at));
      b = b.lanewise(VectorOperators.XOR, load(chunk, at + step));
      a = a.lanewise(VectorOperators.XOR, load(chunk, at + 2 * step));
      b = b.lanewise(VectorOperators.XOR, load(chunk, at + 3 * step));
    }
    return a.lanewise(VectorOperators.XOR, b).reduceLanes(VectorOperators.XOR);
  }

  private static LongVector load(MemorySegment chunk, int at) {
    return LongVector.fromMemorySegment(SPECIES, chunk, at, ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public void close() {
    workers.close();
    region.close();
  }
}
