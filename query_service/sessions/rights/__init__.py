"""What visitors may ask of what is stored: consent, joins, exports, removal, renaming."""
