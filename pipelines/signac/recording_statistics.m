function recording_statistics(recording, table)
% Number, mean, standard deviation and range of the bytes of a recording, as a table with one row.
% Runs in MATLAB and Octave.
  file = fopen(recording, 'r');
  samples = double(fread(file, Inf, 'uint8'));
  fclose(file);
  file = fopen(table, 'w');
  fprintf(file, 'num_samples,mean,std,min,max\n');
  fprintf(file, '%d,%.17g,%.17g,%d,%d\n', numel(samples), mean(samples), std(samples, 1), ...
    min(samples), max(samples));
  fclose(file);
end
