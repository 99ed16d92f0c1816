-- Which of a folder's files are needed is found in indexes: a start sweeps folder by folder, however many there are.

CREATE INDEX pictures_file ON pictures (file);
CREATE INDEX inputs_file ON inputs (file);
CREATE INDEX panels_picture ON panels (json_extract(data, '$.picture')) WHERE kind = 'describe';
