package dev.educe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class DisplayTest {
  @Test
  void sizesHaveThreeDigits() {
    assertEquals("0 bytes", Display.bytes(0));
    assertEquals("999 bytes", Display.bytes(999));
    assertEquals("1.00 kB", Display.bytes(1000));
    assertEquals("622 MB", Display.bytes(621_871_104));
    assertEquals("1.00 GB", Display.bytes(999_600_000));
    assertEquals("9.22 EB", Display.bytes(Long.MAX_VALUE));
  }

  @Test
  void countsHaveThreeDigits() {
    assertEquals("7", Display.count(7));
    assertEquals("260 thousand", Display.count(260_032));
    assertEquals("1.10 billion", Display.count(1_104_218_112));
  }

  @Test
  void quotedTextStaysOnItsLine() {
    assertEquals("\"a\\nb\\t\\\"c\\\"\"", Display.quoted("a\nb\t\"c\"", 99));
    assertEquals("\"😀😀…\"", Display.quoted("😀😀😀", 2));
    assertEquals("\"␛[2J\"", Display.quoted("\033[2J", 99));
  }

  @Test
  void bytesThatAreNoTextAreNamed() throws IOException {
    assertEquals("é", Display.decode(new byte[] {(byte) 0xc3, (byte) 0xa9}, "file"));
    var failure =
        assertThrows(
            IOException.class, () -> Display.decode(new byte[] {'a', (byte) 0xff}, "file"));
    assertEquals("file is not UTF-8 text: byte 0xff at offset 1", failure.getMessage());
    assertThrows(IOException.class, () -> Display.decode(new byte[] {(byte) 0xc3}, "file"));
  }
}
