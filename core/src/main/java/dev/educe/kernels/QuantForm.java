package dev.educe.kernels;

import dev.educe.tensor.DType;
import java.util.EnumMap;
import java.util.Map;

/// How a quantized format's stored codes become weights.
///
/// A weight is `d · s · (code − zero) − dmin · m`, or with a codebook `d · s · (book[code] −
/// zero)`. Codebooks are kept plus their zero, so that every code is an unsigned byte.
///
/// @param codes how many bits a code has, and how they are split
/// @param zero the code that stands for a weight of 0
/// @param book what each code stands for, plus `zero`; empty where codes stand for themselves
/// @param subScales which sub-scales a block of 32 has
/// @param second what the second scale does
record QuantForm(Codes codes, int zero, int[] book, SubScales subScales, Second second) {
  /// The parts of a block's codes, as [PanelLayout] names them.
  enum Codes {
    BYTES(8, 0),
    NIBBLES(4, 0),
    NIBBLES_AND_BITS(4, 1),
    NIBBLES_AND_PAIRS(4, 2),
    PAIRS(2, 0),
    PAIRS_AND_BITS(2, 1);

    /// Bits of a code in the first part.
    final int lowBits;

    /// Bits of a code in the second part, above those of the first.
    final int highBits;

    Codes(int lowBits, int highBits) {
      this.lowBits = lowBits;
      this.highBits = highBits;
    }

    /// Bytes of the first part in a block of 16 rows.
    int lowBytes() {
      return 64 * lowBits;
    }
  }

  /// What is kept for a block of 32 between the codes and `d`.
  enum SubScales {
    /// Nothing.
    NONE,
    /// One signed scale.
    SIGNED,
    /// An unsigned scale and an unsigned minimum.
    WITH_MIN,
    /// A signed scale for each half of 16.
    HALVES,
    /// A scale of six bits, stored plus 32, for each half of 16.
    HALVES_OF_SIX_BITS,
    /// For each half of 16 a scale and a minimum of four bits.
    HALVES_WITH_MIN;

    /// Whether each half of 16 has a scale of its own.
    boolean isHalved() {
      return this == HALVES || this == HALVES_OF_SIX_BITS || this == HALVES_WITH_MIN;
    }
  }

  /// What the second scale of a block does.
  enum Second {
    /// There is none.
    NONE,
    /// It is added to every weight: `d · code + second`.
    ADDED,
    /// It scales the minimum that is taken away: `d · s · code − second · m`.
    MINIMUM
  }

  private static final int[] IQ4 = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
  };

  // Twice the values of the 4-bit float, which therefore goes with half the power of two.
  private static final int[] FP4 = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

  /// Stands for the plain types, which have none of this.
  static final QuantForm PLAIN =
      new QuantForm(Codes.BYTES, 0, new int[0], SubScales.NONE, Second.NONE);

  private static final Map<DType, QuantForm> FORMS = new EnumMap<>(DType.class);

  static {
    add(DType.Q8_0, Codes.BYTES, 128, SubScales.NONE, Second.NONE);
    add(DType.Q4_0, Codes.NIBBLES, 8, SubScales.NONE, Second.NONE);
    add(DType.Q4_1, Codes.NIBBLES, 0, SubScales.NONE, Second.ADDED);
    add(DType.Q5_0, Codes.NIBBLES_AND_BITS, 16, SubScales.NONE, Second.NONE);
    add(DType.Q5_1, Codes.NIBBLES_AND_BITS, 0, SubScales.NONE, Second.ADDED);
    add(DType.Q2_K, Codes.PAIRS, 0, SubScales.HALVES_WITH_MIN, Second.MINIMUM);
    add(DType.Q3_K, Codes.PAIRS_AND_BITS, 4, SubScales.HALVES_OF_SIX_BITS, Second.NONE);
    add(DType.Q4_K, Codes.NIBBLES, 0, SubScales.WITH_MIN, Second.MINIMUM);
    add(DType.Q5_K, Codes.NIBBLES_AND_BITS, 0, SubScales.WITH_MIN, Second.MINIMUM);
    add(DType.Q6_K, Codes.NIBBLES_AND_PAIRS, 32, SubScales.HALVES, Second.NONE);
    addBook(DType.IQ4_NL, 128, IQ4, SubScales.NONE);
    addBook(DType.IQ4_XS, 128, IQ4, SubScales.SIGNED);
    addBook(DType.MXFP4, 12, FP4, SubScales.NONE);
  }

  private static void add(DType type, Codes codes, int zero, SubScales subScales, Second second) {
    FORMS.put(type, new QuantForm(codes, zero, new int[0], subScales, second));
  }

  private static void addBook(DType type, int zero, int[] values, SubScales subScales) {
    int[] book = values.clone();
    for (int i = 0; i < book.length; i++) {
      book[i] += zero;
    }
    FORMS.put(type, new QuantForm(Codes.NIBBLES, zero, book, subScales, Second.NONE));
  }

  /// The form of a quantized type that [PanelLayout#supports].
  static QuantForm of(DType type) {
    QuantForm form = FORMS.get(type);
    assert form != null : "no form for " + type;
    return form;
  }

  /// Whether one scale is all there is to a block of 32.
  boolean hasOneScale() {
    return second == Second.NONE && !subScales.isHalved();
  }

  boolean hasBook() {
    return book.length > 0;
  }
}
