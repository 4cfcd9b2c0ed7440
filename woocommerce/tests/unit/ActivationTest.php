<?php
/**
 * Whether the plugin can be activated, as the site is: with WooCommerce it is active; without, WordPress refuses it in
 * words and nothing is left behind.
 */

namespace Elmed\WooCommerce\Tests;

use Elmed\WooCommerce\Plugin;
use Elmed\WooCommerce\Requirements;

final class ActivationTest extends TestCase {

	private const FILE = 'elmed-for-woocommerce/elmed-for-woocommerce.php';

	public function test_the_file_names_what_it_needs(): void {
		$data = get_plugin_data( WP_PLUGIN_DIR . '/' . self::FILE, false, false );

		$this->assertSame( array( '6.8', '7.4', 'woocommerce' ), array( $data['RequiresWP'], $data['RequiresPHP'], $data['RequiresPlugins'] ) );
		$this->assertSame( ELMED_WC_VERSION, $data['Version'] );
		$this->assertTrue( validate_plugin_requirements( self::FILE ) === true || ! Site::hasWooCommerce() );
	}

	public function test_without_woocommerce_it_is_refused_in_words_and_leaves_nothing(): void {
		if ( Site::hasWooCommerce() ) {
			$this->assertTrue( is_plugin_active( self::FILE ) );
			return;
		}
		$before = $this->options();
		$answer = activate_plugin( self::FILE );

		$this->assertInstanceOf( \WP_Error::class, $answer );
		$this->assertStringContainsStringIgnoringCase( 'woocommerce', wp_strip_all_tags( $answer->get_error_message() ) );
		$this->assertFalse( is_plugin_active( self::FILE ) );
		$this->assertSame( $before, $this->options() );
	}

	public function test_where_woocommerce_went_away_it_says_so_and_does_nothing(): void {
		if ( Site::hasWooCommerce() ) {
			$this->assertNull( Requirements::unmet() );
			return;
		}
		wp_set_current_user( 1 );
		$before = array_keys( $GLOBALS['wp_filter'] );
		Plugin::start();
		ob_start();
		Requirements::showUnmet();
		$said = (string) ob_get_clean();

		$this->assertStringContainsString( 'ELMED for WooCommerce does nothing at the moment: WooCommerce is not active', $said );
		$this->assertNotFalse( has_action( 'admin_notices', array( Requirements::class, 'showUnmet' ) ) );
		$this->assertSame( array( 'admin_notices' ), array_values( array_diff( array_keys( $GLOBALS['wp_filter'] ), array_diff( $before, array( 'admin_notices' ) ) ) ) );
	}

	public function test_who_may_not_activate_plugins_is_not_told(): void {
		$this->become( 'subscriber' );
		ob_start();
		Requirements::showUnmet();

		$this->assertSame( '', (string) ob_get_clean() );
	}

	private function options(): array {
		global $wpdb;
		return $wpdb->get_col( "SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE '%elmed%' ORDER BY 1" );
	}
}
