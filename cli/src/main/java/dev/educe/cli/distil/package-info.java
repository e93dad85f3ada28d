/// What `educe distil` needs of a teacher: its own samples and its predictions.
package dev.educe.cli.distil;
