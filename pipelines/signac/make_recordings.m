function make_recordings(folder, num_sessions, num_recordings, num_bytes)
% Writes random bytes as recordings of sessions: FOLDER/a/rec_1.bin and so on. Runs in MATLAB and Octave.
  for session = 1:num_sessions
    place = fullfile(folder, char('a' + session - 1));
    if ~exist(place, 'dir')
      mkdir(place);
    end
    for index = 1:num_recordings
      file = fopen(fullfile(place, sprintf('rec_%d.bin', index)), 'w');
      fwrite(file, randi([0, 255], num_bytes, 1), 'uint8');
      fclose(file);
    end
  end
end
