package dev.educe.kernels.codegen;

import static dev.educe.kernels.codegen.Gpr.RDI;

import dev.educe.kernels.AttentionKernels;
import dev.educe.kernels.KernelSelector;
import dev.educe.kernels.KvPages;
import dev.educe.kernels.KvType;
import dev.educe.platform.MemoryBudget;
import dev.educe.platform.Region;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;

/// Attention alone, one thread: multiply-adds a second of prompts against the peak of fused
/// multiply-adds, and bytes of keys and values a second of one token against a plain read.
///
/// Rounds alternate between what is compared, so that a busy machine slows both; times are the
/// thread's own. Arguments: the tier (or `best`), or `vector` for the Vector API's kernels.
public final class AttentionBench {
  private static final int ROUNDS = 15;
  private static final int KV_HEADS = 8;
  private static final int GROUP = 4;
  private static final int TILE = 8;
  private static final int PAGE_TOKENS = 64;
  private static final int PEAK_CHAINS = 12;
  private static final long LAYERS_BYTES = 256L << 20;

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final AttentionKernels kernels;
  private final Tier tier;
  private final CodeArena code = new CodeArena();
  private final MemorySegment peak;
  private final MemorySegment read;

  private AttentionBench(String name) {
    Tier.Choice choice = Tier.choose(name.equals("best") || name.equals("vector") ? "" : name);
    tier = choice.tier().orElseThrow(() -> new IllegalArgumentException(choice.reason()));
    AttentionKernels vector = KernelSelector.select("vector").kernels().attention();
    kernels = name.equals("vector") ? vector : new GeneratedAttention(tier, vector);
    peak = code.add("peak", emitPeak());
    read = code.add("read", emitRead());
  }

  public static void main(String[] arguments) {
    var bench = new AttentionBench(arguments.length == 0 ? "best" : arguments[0]);
    for (int headSize : new int[] {64, 128}) {
      for (KvType type : KvType.values()) {
        for (int tokens : new int[] {512, 4096, 8192}) {
          bench.prompt(type, headSize, tokens);
        }
        bench.decode(type, headSize, 4096);
        bench.decode(type, headSize, 128);
      }
    }
  }

  /// Tiles of tokens from all over a prompt, with all the spans they see.
  private void prompt(KvType type, int headSize, int length) {
    try (Region region = Region.open("bench", MemoryBudget.unlimited())) {
      var run = new Run(region, type, headSize, length, 1);
      int tiles = length / TILE;
      int step = Math.max(1, tiles / 64) | 1;
      double[] rates = new double[ROUNDS];
      double[] shares = new double[ROUNDS];
      double[] merges = new double[ROUNDS];
      for (int round = 0; round < ROUNDS; round++) {
        double peakRate = peakRate();
        long multiplies = 0;
        long nanos = 0;
        long mergeNanos = 0;
        for (int tile = 0; tile < tiles; tile += step) {
          int position = tile * TILE;
          long start = now();
          run.attend(position, TILE, 0, 0);
          long middle = now();
          run.merge(position, TILE);
          mergeNanos += now() - middle;
          nanos += middle - start;
          for (int token = 0; token < TILE; token++) {
            multiplies += 2L * (position + token + 1) * headSize * GROUP;
          }
        }
        rates[round] = (double) multiplies / nanos;
        shares[round] = rates[round] / peakRate;
        merges[round] = (double) mergeNanos / nanos;
      }
      System.out.printf(
          "%s head size %3d prompt of %4d: %5.1f GMAC/s (best %5.1f), %4.1f %% of peak"
              + " (best %4.1f), merging %4.1f %% more%n",
          type,
          headSize,
          length,
          median(rates),
          best(rates),
          100 * median(shares),
          100 * best(shares),
          100 * median(merges));
    }
  }

  /// One token over a long context, all KV heads, another layer each time.
  private void decode(KvType type, int headSize, int length) {
    long layerBytes = 2L * length * KV_HEADS * type.bytes(headSize);
    int layers = length < 1000 ? 1 : (int) (LAYERS_BYTES / layerBytes);
    try (Region region = Region.open("bench", MemoryBudget.unlimited())) {
      var run = new Run(region, type, headSize, length, layers);
      double[] rates = new double[ROUNDS * 4];
      double[] plain = new double[ROUNDS * 4];
      for (int round = 0; round < rates.length; round++) {
        int layer = round % layers;
        long start = now();
        run.readLayer((layer + layers / 2) % layers);
        long middle = now();
        for (int kvHead = 0; kvHead < KV_HEADS; kvHead++) {
          run.attend(length - 1, 1, kvHead, layer);
        }
        rates[round] = (double) layerBytes / (now() - middle);
        plain[round] = (double) layerBytes / (middle - start);
      }
      System.out.printf(
          "%s head size %3d decode at %4d: %5.1f GB/s (best %5.1f),"
              + " plain read %5.1f (best %5.1f)%n",
          type, headSize, length, median(rates), best(rates), median(plain), best(plain));
    }
  }

  /// One sequence in pages that are scattered, and a call's other operands.
  private final class Run {
    private final int length;
    private final int headSize;
    private final KvPages[] layers;
    private final int[] pageTable;
    private final MemorySegment q;
    private final MemorySegment partial;
    private final MemorySegment out;
    private final int spans;

    Run(Region region, KvType type, int headSize, int length, int layerCount) {
      this.length = length;
      this.headSize = headSize;
      int pages = length / PAGE_TOKENS;
      Random random = new Random(1);
      pageTable = IntStream.range(0, pages).toArray();
      for (int i = pages - 1; i > 0; i--) {
        int other = random.nextInt(i + 1);
        int page = pageTable[i];
        pageTable[i] = pageTable[other];
        pageTable[other] = page;
      }
      long bytes = (long) length * KV_HEADS * type.bytes(headSize);
      layers = new KvPages[layerCount];
      for (int layer = 0; layer < layerCount; layer++) {
        MemorySegment keys = region.allocate(bytes);
        MemorySegment values = region.allocate(bytes);
        layers[layer] = new KvPages(type, PAGE_TOKENS, KV_HEADS, headSize, keys, values);
        fill(layers[layer], region.allocate(4L * KV_HEADS * headSize), random);
      }
      spans = Math.ceilDiv(length, AttentionKernels.SPAN);
      q = region.allocate(4L * TILE * GROUP * headSize);
      for (long i = 0; i < q.byteSize(); i += 4) {
        q.set(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
      }
      partial = region.allocate(4L * TILE * GROUP * spans * (headSize + 16));
      out = region.allocate(4L * headSize);
    }

    private void fill(KvPages pages, MemorySegment row, Random random) {
      for (int position = 0; position < length; position++) {
        for (long i = 0; i < row.byteSize(); i += 4) {
          row.set(ValueLayout.JAVA_FLOAT, i, 2 * random.nextFloat() - 1);
        }
        kernels.store(pages, position / PAGE_TOKENS, position % PAGE_TOKENS, row, 0, row, 0);
      }
    }

    void attend(int position, int tokens, int kvHead, int layer) {
      int stride = headSize + 16;
      for (int span = 0; span * AttentionKernels.SPAN < position + tokens; span++) {
        kernels.attend(
            layers[layer],
            pageTable,
            kvHead,
            GROUP,
            tokens,
            position,
            Integer.MAX_VALUE,
            span,
            0.125f,
            q,
            0,
            (long) GROUP * headSize,
            partial,
            (long) span * GROUP * stride,
            (long) spans * GROUP * stride);
      }
    }

    void merge(int position, int tokens) {
      int stride = headSize + 16;
      int seen = position / AttentionKernels.SPAN + 1;
      for (int token = 0; token < tokens; token++) {
        for (int head = 0; head < GROUP; head++) {
          long at = ((long) token * spans * GROUP + head) * stride;
          kernels.merge(headSize, seen, partial, at, (long) GROUP * stride, out, 0);
        }
      }
    }

    void readLayer(int layer) {
      KvPages pages = layers[layer];
      long kilobytes = pages.keys().byteSize() / 1024;
      GeneratedAttention.run(read, pages.keys().address(), kilobytes, 0, 0);
      GeneratedAttention.run(read, pages.values().address(), kilobytes, 0, 0);
    }
  }

  /// Processor time of this thread: what others do to the machine's cores does not count.
  private static long now() {
    return THREADS.getCurrentThreadCpuTime();
  }

  private double peakRate() {
    long iterations = 100_000;
    long start = now();
    GeneratedAttention.run(peak, iterations, 0, 0, 0);
    return (double) iterations * PEAK_CHAINS * tier.bits() / 32 / (now() - start);
  }

  /// Independent fused multiply-adds in a loop.
  private Assembler emitPeak() {
    Assembler a = new Assembler();
    Vec[] registers = new Vec[PEAK_CHAINS + 2];
    for (int i = 0; i < registers.length; i++) {
      registers[i] = new Vec(i, tier.bits(), 0, false);
      a.vpxor(registers[i], registers[i], registers[i]);
    }
    Label again = a.here();
    for (int i = 0; i < PEAK_CHAINS; i++) {
      a.vfmadd231ps(registers[i], registers[PEAK_CHAINS], registers[PEAK_CHAINS + 1]);
    }
    a.dec(RDI);
    a.jump(Condition.NOT_EQUAL, again);
    a.vzeroupper();
    a.ret();
    return a;
  }

  /// Reads so many KiB and keeps nothing.
  private Assembler emitRead() {
    Assembler a = new Assembler();
    Label again = a.here();
    int bytes = tier.bits() / 8;
    for (int i = 0; i < 1024 / bytes; i++) {
      a.vmovups(new Vec(i % 8, tier.bits(), 0, false), Mem.mem(RDI, bytes * i));
    }
    a.add(RDI, 1024);
    a.dec(Gpr.RSI);
    a.jump(Condition.NOT_EQUAL, again);
    a.vzeroupper();
    a.ret();
    return a;
  }

  private static double best(double[] values) {
    return Arrays.stream(values).max().orElseThrow();
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
