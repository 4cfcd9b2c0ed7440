<?php
/**
 * Makes a WooCommerce that just was activated into a shop that sells: pages, currency, ways to pay, shipping.
 * `php shop.php SITE [hpos|posts] [PATH]`: where orders are kept, and the path of a network's site.
 */

// phpcs:ignoreFile -- not part of the plugin
$_SERVER += array( 'HTTP_HOST' => getenv( 'ELMED_TEST_HOST' ), 'REQUEST_URI' => $argv[3] ?? '/', 'REQUEST_METHOD' => 'GET', 'SERVER_PROTOCOL' => 'HTTP/1.1' );
require $argv[1] . '/wp-load.php';
wp_set_current_user( 1 );

WC_Install::install();
WC_Install::create_pages();
$options = array(
	// Else the first page of wp-admin sets up a new shop once more, and keeps its orders in their own tables.
	'woocommerce_newly_installed'                   => 'no',
	'woocommerce_coming_soon'                       => 'no',
	'woocommerce_currency'                          => 'GBP',
	'woocommerce_default_country'                   => 'GB',
	'woocommerce_calc_taxes'                        => 'no',
	'woocommerce_enable_guest_checkout'             => 'yes',
	'woocommerce_onboarding_profile'                => array( 'skipped' => true ),
	'woocommerce_task_list_hidden'                  => 'yes',
	'woocommerce_allow_tracking'                    => 'no',
	'woocommerce_show_marketplace_suggestions'      => 'no',
	'woocommerce_custom_orders_table_enabled'       => 'posts' === ( $argv[2] ?? '' ) ? 'no' : 'yes',
	'woocommerce_custom_orders_table_data_sync_enabled' => 'no',
);
foreach ( $options as $name => $value ) {
	update_option( $name, $value );
}
foreach ( array( 'cod' => 'Cash on delivery', 'bacs' => 'Bank transfer', 'cheque' => 'Cheque' ) as $gateway => $title ) {
	update_option( "woocommerce_{$gateway}_settings", array( 'enabled' => 'yes', 'title' => $title ) + (array) get_option( "woocommerce_{$gateway}_settings", array() ) );
}
$zone = new WC_Shipping_Zone( 0 );
if ( ! $zone->get_shipping_methods() ) {
	$zone->add_shipping_method( 'free_shipping' );
}
// The checkout page is the block; the classic one stands beside it.
if ( ! get_page_by_path( 'classic-checkout' ) ) {
	wp_insert_post( array( 'post_type' => 'page', 'post_status' => 'publish', 'post_title' => 'Classic checkout', 'post_name' => 'classic-checkout', 'post_content' => '<!-- wp:shortcode -->[woocommerce_checkout]<!-- /wp:shortcode -->' ) );
}
update_option( 'woocommerce_permalinks', array( 'product_base' => '/product' ) );
flush_rewrite_rules();
echo WC()->version, "\n";
