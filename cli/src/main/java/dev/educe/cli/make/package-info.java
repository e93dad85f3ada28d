/// Models of real shape with random weights, to measure with and without a download.
package dev.educe.cli.make;
