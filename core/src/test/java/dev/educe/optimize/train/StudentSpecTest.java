package dev.educe.optimize.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StudentSpecTest {
  @Test
  void aLineIsRead() {
    assertEquals(
        new StudentSpec(4, 256, 8, 4, 512, 600, 128),
        StudentSpec.parse(
            "layers=4, hidden=256,heads=8,kv-heads=4,ffn=512,vocabulary=600,context=128"));
    assertEquals(
        new StudentSpec(1, 64, 4, 4, 96, 0, 0),
        StudentSpec.parse("ffn=96,heads=4,hidden=64,layers=1"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "layers=1,hidden=64,heads=4 | the student lacks 'ffn=…'",
        "layers=1,layers=2,hidden=64,heads=4,ffn=1 | the student has 'layers' twice",
        "layers=1,hidden=x,heads=4,ffn=1 | 'hidden=x' is no part of a student",
        "layers=1,width=64,heads=4,ffn=1 | 'width=64' is no part of a student",
        "layers=0,hidden=64,heads=4,ffn=1 | layers of the student must be 1 to 256, got 0",
        "layers=1,hidden=64,heads=5,ffn=1 | heads of the student must be a divisor of hidden 64",
        "layers=1,hidden=64,heads=64,ffn=1 | heads of the student must be a divisor of hidden 64",
        "layers=1,hidden=64,heads=4,kv-heads=3,ffn=1 | kv-heads of the student must be a divisor",
        "layers=1,hidden=64,heads=4,ffn=0 | ffn of the student must be 1 to 131072, got 0",
        "layers=1,hidden=64,heads=4,ffn=1,vocabulary=9 | vocabulary of the student must be 300 to",
        "layers=1,hidden=64,heads=4,ffn=1,context=2 | context of the student must be 8 to",
      })
  void whatIsNoStudentIsSaidInASentence(String line, String sentence) {
    var failed = assertThrows(IllegalArgumentException.class, () -> StudentSpec.parse(line));
    assertTrue(failed.getMessage().startsWith(sentence), failed.getMessage());
  }

  @Test
  void aFileIsNoLine() {
    assertTrue(StudentSpec.isMeant("layers=4"));
    assertFalse(StudentSpec.isMeant("pruned.gguf"));
    assertFalse(StudentSpec.isMeant("folder/a=b.gguf,x"));
  }
}
