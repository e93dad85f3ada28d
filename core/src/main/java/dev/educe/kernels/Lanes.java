package dev.educe.kernels;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorSpecies;

/// The vector shapes of this process, fixed when the class is loaded.
///
/// They must be compile-time constants to the compiler: a species that is not loses its intrinsics.
/// The width is the machine's, or what `-Deduce.kernels.bits` says. Nothing but vector kernels may
/// touch this class, since it needs the incubating module; [KernelSelector] checks that first.
final class Lanes {
  /// Bits of a vector: 128, 256 or 512.
  static final int BITS =
      Integer.getInteger(
          KernelSelector.BITS_PROPERTY,
          Math.min(512, FloatVector.SPECIES_PREFERRED.vectorBitSize()));

  static final VectorSpecies<Float> FLOATS =
      switch (BITS) {
        case 128 -> FloatVector.SPECIES_128;
        case 256 -> FloatVector.SPECIES_256;
        case 512 -> FloatVector.SPECIES_512;
        default -> throw new IllegalArgumentException(KernelSelector.badBits("" + BITS));
      };

  static final VectorSpecies<Integer> INTS =
      switch (BITS) {
        case 128 -> IntVector.SPECIES_128;
        case 256 -> IntVector.SPECIES_256;
        default -> IntVector.SPECIES_512;
      };

  static final VectorSpecies<Short> SHORTS =
      switch (BITS) {
        case 128 -> ShortVector.SPECIES_128;
        case 256 -> ShortVector.SPECIES_256;
        default -> ShortVector.SPECIES_512;
      };

  static final VectorSpecies<Byte> BYTES =
      switch (BITS) {
        case 128 -> ByteVector.SPECIES_128;
        case 256 -> ByteVector.SPECIES_256;
        default -> ByteVector.SPECIES_512;
      };

  static final VectorSpecies<Long> LONGS =
      switch (BITS) {
        case 128 -> LongVector.SPECIES_128;
        case 256 -> LongVector.SPECIES_256;
        default -> LongVector.SPECIES_512;
      };

  static final VectorSpecies<Double> DOUBLES =
      switch (BITS) {
        case 128 -> DoubleVector.SPECIES_128;
        case 256 -> DoubleVector.SPECIES_256;
        default -> DoubleVector.SPECIES_512;
      };

  /// As many shorts as there are lanes of 32 bits.
  static final VectorSpecies<Short> HALF_SHORTS =
      switch (BITS) {
        case 128 -> ShortVector.SPECIES_64;
        case 256 -> ShortVector.SPECIES_128;
        default -> ShortVector.SPECIES_256;
      };

  /// Lanes of 32 bits.
  static final int COUNT = BITS / Float.SIZE;

  private Lanes() {}
}
