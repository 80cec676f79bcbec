function rising_edges(recording, level, table, events)
% Samples at which the bytes of a recording come from below a level to it or above, and how many there are.
% Runs in MATLAB and Octave.
  file = fopen(recording, 'r');
  samples = double(fread(file, Inf, 'uint8'));
  fclose(file);
  % The first sample of a recording is number 0.
  edges = find(samples(1:end-1) < level & samples(2:end) >= level);
  fprintf('%d rising edges in %d samples\n', numel(edges), numel(samples));
  file = fopen(table, 'w');
  fprintf(file, 'num_edges\n%d\n', numel(edges));
  fclose(file);
  file = fopen(events, 'w');
  fprintf(file, 'sample_index,label\n');
  fprintf(file, '%d,rising\n', edges);
  fclose(file);
end
