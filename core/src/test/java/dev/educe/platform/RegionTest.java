package dev.educe.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/// Holds regions to their budget and to being counted.
class RegionTest {
  @Test
  void memoryIsZeroedAlignedAndCounted() {
    var budget = MemoryBudget.of(1 << 20);
    int open = Region.openRegions();
    try (var region = Region.open("test", budget)) {
      assertEquals(open + 1, Region.openRegions());
      region.allocate(3);
      var segment = region.allocate(1000);
      assertEquals(0, segment.address() % Region.ALIGNMENT);
      for (long i = 0; i < segment.byteSize(); i++) {
        assertEquals(0, segment.get(ValueLayout.JAVA_BYTE, i));
      }
      assertEquals(1003, region.bytes());
      assertEquals(1003, budget.bytes());
    }
    assertEquals(open, Region.openRegions());
    assertEquals(0, budget.bytes());
  }

  @Test
  void largeMemoryIsZeroedAndReturned() {
    var budget = MemoryBudget.unlimited();
    long bytes = (64L << 20) + 100;
    try (var region = Region.open("large", budget)) {
      var segment = region.allocate(bytes);
      assertEquals(0, segment.address() % Region.ALIGNMENT);
      assertEquals(bytes, segment.byteSize());
      for (long i = 0; i < bytes; i += 4093) {
        assertEquals(0, segment.get(ValueLayout.JAVA_BYTE, i));
      }
      segment.set(ValueLayout.JAVA_BYTE, bytes - 1, (byte) 1);
      assertThrows(
          IndexOutOfBoundsException.class, () -> segment.get(ValueLayout.JAVA_BYTE, bytes));
    }
    assertEquals(0, budget.bytes());
  }

  @Test
  void hugeMemoryIsZeroedAlignedAndCounted() {
    var budget = MemoryBudget.unlimited();
    try (var region = Region.openHuge("huge", budget)) {
      long[] sizes = {3, 5 << 20, 100, (70L << 20) + 1, 0, 30 << 20};
      long end = 0;
      for (long size : sizes) {
        var piece = region.allocate(size);
        assertEquals(size, piece.byteSize());
        assertEquals(0, piece.address() % Region.ALIGNMENT);
        for (long i = 0; i < size; i++) {
          assertEquals(0, piece.get(ValueLayout.JAVA_BYTE, i));
        }
        piece.fill((byte) -1); // a piece that shared bytes with the next would show
        end += size;
      }
      assertEquals(end, region.bytes());
      assertEquals(end, budget.bytes());
    }
    assertEquals(0, budget.bytes());
  }

  @Test
  void memoryStaysWhatItIsWhileItIsGathered() {
    long words = 3 << 20;
    try (var region = Region.openHuge("huge", MemoryBudget.unlimited())) {
      region.allocate(1); // which keeps the first slab on ordinary pages
      var segment = region.allocate(words * Long.BYTES);
      for (long i = 0; i < words; i++) {
        segment.setAtIndex(ValueLayout.JAVA_LONG, i, i * i);
      }
      region.gather();
      for (int round = 0; round < 5; round++) {
        for (long i = 0; i < words; i++) {
          assertEquals(i * i, segment.getAtIndex(ValueLayout.JAVA_LONG, i));
        }
      }
    }
  }

  @Test
  void aRegionCanBeClosedWhileItIsGathered() throws InterruptedException {
    for (int millis = 0; millis < 20; millis++) {
      try (var region = Region.openHuge("huge", MemoryBudget.unlimited())) {
        region.allocate(1);
        region.allocate(24 << 20).fill((byte) 1);
        region.gather();
        Thread.sleep(millis);
      }
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void guardedMemoryEndsWhereNobodyMayRead() throws IOException {
    System.setProperty(Region.GUARDED_PROPERTY, "true");
    try (var region = Region.open("guarded", MemoryBudget.unlimited())) {
      for (long bytes : new long[] {1, 64, 100, 4096, 4097, 3 << 20}) {
        var segment = region.allocate(bytes);
        assertEquals(bytes, segment.byteSize());
        assertEquals(0, segment.address() % Region.ALIGNMENT);
        long slack = -(segment.address() + bytes) & 4095;
        assertTrue(slack < Region.ALIGNMENT, bytes + " bytes");
        segment.fill((byte) 1);
        assertEquals("---p", protectionAt(segment.address() + bytes + slack));
        assertEquals("---p", protectionAt((segment.address() & -4096) - 1));
      }
    } finally {
      System.clearProperty(Region.GUARDED_PROPERTY);
    }
  }

  private static String protectionAt(long address) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
      String[] fields = line.split(" ");
      String[] range = fields[0].split("-");
      if (Long.parseUnsignedLong(range[0], 16) <= address
          && Long.compareUnsigned(address, Long.parseUnsignedLong(range[1], 16)) < 0) {
        return fields[1];
      }
    }
    return "nothing";
  }

  @Test
  void aFullBudgetIsRefusedWithTheSums() {
    var budget = MemoryBudget.of(1_000);
    try (var region = Region.open("a cache", budget)) {
      region.allocate(900);
      var thrown = assertThrows(MemoryBudgetException.class, () -> region.allocate(101));
      assertEquals(
          "a cache needs 101 bytes, but of the memory budget of 1,000 bytes only 100 are free",
          thrown.getMessage());
      region.allocate(100);
    }
  }

  @Test
  void closingTwiceIsHarmless() {
    var region = Region.open("test", MemoryBudget.unlimited());
    int open = Region.openRegions();
    region.close();
    region.close();
    assertEquals(open - 1, Region.openRegions());
    assertTrue(Region.openRegions() >= 0);
  }
}
