<?php
/**
 * Installs WordPress from the command line, then activates what `--plugins` names: `php install.php SITE [PLUGIN…]`.
 * A plugin that cannot be activated ends it with its reason.
 */

// phpcs:ignoreFile -- not part of the plugin
define( 'WP_INSTALLING', true );
$_SERVER += array( 'HTTP_HOST' => getenv( 'ELMED_TEST_HOST' ), 'REQUEST_URI' => '/', 'REQUEST_METHOD' => 'GET', 'SERVER_PROTOCOL' => 'HTTP/1.1' );
require $argv[1] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';

wp_install( 'Brook Street Pharmacy', 'admin', 'admin@example.org', true, '', 'admin' );
update_option( 'permalink_structure', '/%postname%/' );
update_option( 'timezone_string', 'Europe/London' );
update_option( 'blog_public', 0 );
